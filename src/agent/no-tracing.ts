import { BaseCallbackHandler } from "@langchain/core/callbacks/base";

/**
 * Keeps LangChain from sending prompts and answers to LangSmith, whatever `LANGSMITH_TRACING` says: it adds its tracer
 * only where no handler of this name is. The two methods are what it asks of a handler of that name.
 */
export class NoTracing extends BaseCallbackHandler {
  override readonly name = "langchain_tracer";

  getRunTreeWithTracingConfig(): { readonly tracingEnabled: false; extra?: unknown } {
    return { tracingEnabled: false };
  }

  updateFromRunTree(): void {
    // Nothing is kept of a run.
  }
}
