import type { Json } from "./contract.ts";
import { asArray, asObject, asObjects, asString, isObject } from "./json.ts";

/**
 * Slack's limits on blocks; docs.slack.dev/reference/block-kit. Texts are in characters.
 * Limit: input elements of modals are not checked beyond their type.
 */
export const LIMITS = {
  messageBlocks: 50,
  viewBlocks: 100,
  sectionText: 3000,
  sectionFields: 10,
  fieldText: 2000,
  headerText: 150,
  markdownTotal: 12_000,
  blockId: 255,
  actionId: 255,
  buttonText: 75,
  buttonValue: 2000,
  buttonUrl: 3000,
  actionsElements: 25,
  contextElements: 10,
  contextActionsElements: 5,
  imageUrl: 3000,
  altText: 2000,
  imageTitle: 2000,
  tableRows: 100,
  tableColumns: 20,
  cardTitle: 150,
  cardBody: 200,
  cardActions: 5,
  carouselCards: 10,
  containerChildren: 10,
  confirmTitle: 100,
  confirmText: 300,
  confirmButton: 30,
  planTasks: 50,
  chartTitle: 50,
  chartsPerMessage: 2,
  chartSeries: 6,
  chartPoints: 20,
  chartLabel: 20,
  messageText: 40_000,
} as const;

export type Surface = "message" | "view";

/** Complaints in Slack's words, each with the JSON pointer of the offender. */
class Findings {
  readonly messages: string[] = [];
  readonly blockIds = new Set<string>();
  readonly actionIds = new Set<string>();
  markdownLength = 0;
  charts = 0;
  readonly surface: Surface;

  constructor(surface: Surface) {
    this.surface = surface;
  }

  add(problem: string, at: string): void {
    this.messages.push(`[ERROR] ${problem} [json-pointer:${at}]`);
  }

  atMost(value: unknown, limit: number, at: string): void {
    const text = asString(value);
    if (text !== undefined && text.length > limit)
      this.add(`must be less than ${limit + 1} characters`, at);
  }

  count(items: readonly unknown[], range: readonly [number, number], at: string): void {
    const [least, most] = range;
    if (items.length > most) this.add(`no more than ${most} items allowed`, at);
    if (items.length < least) this.add(`no less than ${least} items allowed`, at);
  }

  /** A text object that must be there. */
  text(value: unknown, limit: number, at: string): void {
    const text = asObject(value);
    const type = asString(text.type);
    if (type !== "plain_text" && type !== "mrkdwn") {
      this.add("missing or unsupported text object", at);
      return;
    }
    const content = asString(text.text) ?? "";
    if (content.length === 0) this.add("must be more than 0 characters", `${at}/text`);
    this.atMost(content, limit, `${at}/text`);
  }

  unique(set: Set<string>, id: unknown, what: string, at: string): void {
    const text = asString(id);
    if (text === undefined) return;
    if (set.has(text)) this.add(`\`${what}\` "${text}" already exists`, `${at}/${what}`);
    set.add(text);
  }
}

type Check = (block: Json, at: string, found: Findings) => void;

function confirm(value: unknown, at: string, found: Findings): void {
  if (value === undefined) return;
  const dialog = asObject(value);
  found.text(dialog.title, LIMITS.confirmTitle, `${at}/title`);
  found.text(dialog.text, LIMITS.confirmText, `${at}/text`);
  found.text(dialog.confirm, LIMITS.confirmButton, `${at}/confirm`);
  found.text(dialog.deny, LIMITS.confirmButton, `${at}/deny`);
}

const INTERACTIVE = new Set([
  "button",
  "checkboxes",
  "datepicker",
  "datetimepicker",
  "timepicker",
  "overflow",
  "radio_buttons",
  "static_select",
  "external_select",
  "users_select",
  "conversations_select",
  "channels_select",
  "multi_static_select",
  "multi_external_select",
  "multi_users_select",
  "multi_conversations_select",
  "multi_channels_select",
  "workflow_button",
  "rich_text_input",
  "feedback_buttons",
  "icon_button",
]);

function button(element: Json, at: string, found: Findings): void {
  found.text(element.text, LIMITS.buttonText, `${at}/text`);
  found.atMost(element.value, LIMITS.buttonValue, `${at}/value`);
  found.atMost(element.url, LIMITS.buttonUrl, `${at}/url`);
  const style = element.style;
  if (style !== undefined && style !== "primary" && style !== "danger")
    found.add("must be one of: primary, danger", `${at}/style`);
}

function feedback(element: Json, at: string, found: Findings): void {
  for (const side of ["positive_button", "negative_button"]) {
    const part = asObject(element[side]);
    found.text(part.text, LIMITS.buttonText, `${at}/${side}/text`);
    found.atMost(part.value, LIMITS.buttonValue, `${at}/${side}/value`);
  }
}

function interactive(element: Json, at: string, found: Findings): void {
  const type = asString(element.type) ?? "";
  if (!INTERACTIVE.has(type)) {
    found.add(`unsupported type: ${type || "none"}`, `${at}/type`);
    return;
  }
  found.atMost(element.action_id, LIMITS.actionId, `${at}/action_id`);
  found.unique(found.actionIds, element.action_id, "action_id", at);
  if (type === "button") button(element, at, found);
  if (type === "feedback_buttons") feedback(element, at, found);
  confirm(element.confirm, `${at}/confirm`, found);
}

function image(element: Json, at: string, found: Findings): void {
  if (asString(element.image_url) === undefined && !isObject(element.slack_file))
    found.add("missing required field: image_url or slack_file", at);
  found.atMost(element.image_url, LIMITS.imageUrl, `${at}/image_url`);
  if (asString(element.alt_text) === undefined) found.add("missing required field: alt_text", at);
  found.atMost(element.alt_text, LIMITS.altText, `${at}/alt_text`);
}

const section: Check = (block, at, found) => {
  const fields = block.fields;
  if (block.text === undefined && fields === undefined)
    found.add("missing required field: text or fields", at);
  if (block.text !== undefined) found.text(block.text, LIMITS.sectionText, `${at}/text`);
  if (fields !== undefined) {
    found.count(asArray(fields), [1, LIMITS.sectionFields], `${at}/fields`);
    asArray(fields).forEach((field, i) => {
      found.text(field, LIMITS.fieldText, `${at}/fields/${i}`);
    });
  }
  const accessory = block.accessory;
  if (accessory === undefined) return;
  const element = asObject(accessory);
  if (element.type === "image") image(element, `${at}/accessory`, found);
  else interactive(element, `${at}/accessory`, found);
};

const elementsOf =
  (most: number, each: (element: Json, at: string, found: Findings) => void): Check =>
  (block, at, found) => {
    found.count(asArray(block.elements), [1, most], `${at}/elements`);
    asArray(block.elements).forEach((element, i) => {
      each(asObject(element), `${at}/elements/${i}`, found);
    });
  };

function contextElement(element: Json, at: string, found: Findings): void {
  if (element.type === "image") image(element, at, found);
  else found.text(element, LIMITS.sectionText, at);
}

const RICH_TEXT_PARTS = new Set([
  "rich_text_section",
  "rich_text_list",
  "rich_text_quote",
  "rich_text_preformatted",
]);

const richText: Check = (block, at, found) => {
  asArray(block.elements).forEach((element, i) => {
    const type = asString(asObject(element).type) ?? "none";
    if (!RICH_TEXT_PARTS.has(type))
      found.add(`unsupported type: ${type}`, `${at}/elements/${i}/type`);
  });
  if (!Array.isArray(block.elements)) found.add("missing required field: elements", at);
};

const markdown: Check = (block, at, found) => {
  const text = asString(block.text);
  if (text === undefined) found.add("missing required field: text", at);
  found.markdownLength += text?.length ?? 0;
};

const table: Check = (block, at, found) => {
  const rows = asArray(block.rows);
  found.count(rows, [1, LIMITS.tableRows], `${at}/rows`);
  rows.forEach((row, i) => {
    found.count(asArray(row), [1, LIMITS.tableColumns], `${at}/rows/${i}`);
    asArray(row).forEach((cell, j) => {
      const type = asString(asObject(cell).type) ?? "none";
      if (!["raw_text", "raw_number", "rich_text"].includes(type))
        found.add(`unsupported type: ${type}`, `${at}/rows/${i}/${j}/type`);
    });
  });
};

const card: Check = (block, at, found) => {
  if (block.title !== undefined) found.text(block.title, LIMITS.cardTitle, `${at}/title`);
  if (block.subtitle !== undefined) found.text(block.subtitle, LIMITS.cardTitle, `${at}/subtitle`);
  if (block.body !== undefined) found.text(block.body, LIMITS.cardBody, `${at}/body`);
  if (block.actions === undefined) return;
  found.count(asArray(block.actions), [1, LIMITS.cardActions], `${at}/actions`);
  asArray(block.actions).forEach((element, i) => {
    interactive(asObject(element), `${at}/actions/${i}`, found);
  });
};

const TASK_STATUS = ["pending", "in_progress", "complete", "error"];

const taskCard: Check = (block, at, found) => {
  if (asString(block.task_id) === undefined) found.add("missing required field: task_id", at);
  if (asString(block.title) === undefined) found.add("missing required field: title", at);
  if (!TASK_STATUS.includes(asString(block.status) ?? ""))
    found.add(`must be one of: ${TASK_STATUS.join(", ")}`, `${at}/status`);
};

const plan: Check = (block, at, found) => {
  if (asString(block.title) === undefined) found.add("missing required field: title", at);
  found.count(asArray(block.tasks), [0, LIMITS.planTasks], `${at}/tasks`);
  asArray(block.tasks).forEach((task, i) => {
    taskCard(asObject(task), `${at}/tasks/${i}`, found);
  });
};

const CONTAINER_CHILDREN = new Set([
  "actions",
  "context",
  "divider",
  "file",
  "header",
  "image",
  "input",
  "rich_text",
  "section",
  "table",
  "video",
]);

const container: Check = (block, at, found) => {
  const children = asArray(block.child_blocks);
  found.count(children, [1, LIMITS.containerChildren], `${at}/child_blocks`);
  children.forEach((child, i) => {
    const where = `${at}/child_blocks/${i}`;
    if (!CONTAINER_CHILDREN.has(asString(asObject(child).type) ?? ""))
      found.add("unsupported type in a container", `${where}/type`);
    else checkBlock(child, where, found);
  });
};

const dataVisualization: Check = (block, at, found) => {
  found.charts += 1;
  found.atMost(block.title, LIMITS.chartTitle, `${at}/title`);
  const chart = asObject(block.chart);
  if (!["line", "bar", "area", "pie"].includes(asString(chart.type) ?? ""))
    found.add("must be one of: line, bar, area, pie", `${at}/chart/type`);
  const part = chart.type === "pie" ? "segments" : "series";
  found.count(asArray(chart[part]), [1, LIMITS.chartSeries], `${at}/chart/${part}`);
  asObjects(chart.series).forEach((series, i) => {
    const where = `${at}/chart/series/${i}/data`;
    found.count(asArray(series.data), [1, LIMITS.chartPoints], where);
    for (const point of asObjects(series.data))
      found.atMost(point.label, LIMITS.chartLabel, `${where}/label`);
  });
};

const nothing: Check = () => undefined;

const imageBlock: Check = (block, at, found) => {
  image(block, at, found);
  if (block.title !== undefined) found.text(block.title, LIMITS.imageTitle, `${at}/title`);
};

const modalOnly: Check = (_block, at, found) => {
  if (found.surface === "message")
    found.add("this block type is not available in messages", `${at}/type`);
};

const CHECKS: Readonly<Record<string, Check>> = {
  section,
  header: (block, at, found) => found.text(block.text, LIMITS.headerText, `${at}/text`),
  divider: nothing,
  actions: elementsOf(LIMITS.actionsElements, interactive),
  context: elementsOf(LIMITS.contextElements, contextElement),
  context_actions: elementsOf(LIMITS.contextActionsElements, interactive),
  rich_text: richText,
  markdown,
  image: imageBlock,
  table,
  data_table: table,
  card,
  carousel: elementsOf(LIMITS.carouselCards, card),
  container,
  task_card: taskCard,
  plan,
  data_visualization: dataVisualization,
  alert: modalOnly,
  input: (block, at, found) => found.text(block.label, LIMITS.fieldText, `${at}/label`),
  file: nothing,
  video: nothing,
};

function checkBlock(value: unknown, at: string, found: Findings): void {
  const block = asObject(value);
  const type = asString(block.type) ?? "none";
  const check = Object.hasOwn(CHECKS, type) ? CHECKS[type] : undefined;
  if (check === undefined) {
    found.add(`unsupported type: ${type}`, `${at}/type`);
    return;
  }
  found.atMost(block.block_id, LIMITS.blockId, `${at}/block_id`);
  found.unique(found.blockIds, block.block_id, "block_id", at);
  found.actionIds.clear();
  check(block, at, found);
}

/** What Slack would complain about, in its words; empty when the blocks are fine. Ids of actions are unique within their block. */
export function checkBlocks(blocks: unknown, surface: Surface = "message"): readonly string[] {
  if (blocks === undefined || blocks === null || blocks === "") return [];
  const found = new Findings(surface);
  if (!Array.isArray(blocks)) {
    found.add("must be an array", "/blocks");
    return found.messages;
  }
  const most = surface === "message" ? LIMITS.messageBlocks : LIMITS.viewBlocks;
  found.count(blocks, [0, most], "/blocks");
  blocks.forEach((block, i) => {
    checkBlock(block, `/blocks/${i}`, found);
  });
  if (found.markdownLength > LIMITS.markdownTotal)
    found.add(
      `must be less than ${LIMITS.markdownTotal + 1} characters in all`,
      "/blocks/markdown",
    );
  if (found.charts > LIMITS.chartsPerMessage)
    found.add(`no more than ${LIMITS.chartsPerMessage} data_visualization blocks`, "/blocks");
  return found.messages;
}
