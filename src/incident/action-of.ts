import { entityId } from "../model/entity.ts";
import type { WorldView } from "../model/view.ts";
import type { Intervention } from "../model/whatif/intervention.ts";
import type { Action } from "./action.ts";
import { serviceOf } from "./named.ts";

/** The action that would bring an intervention about; undefined: nothing on the closed list does. */
export function actionOf(intervention: Intervention, view: WorldView): Action | undefined {
  switch (intervention.type) {
    case "scale":
      return { type: "scale", service: intervention.entity, replicas: intervention.replicas };
    case "rollback":
      return { type: "rollback", service: intervention.entity, toVersion: intervention.to_version };
    case "restart": {
      const { entity } = intervention;
      if (view.entity(entityId("service", entity)) !== undefined)
        return { type: "restart", service: entity };
      const owner = serviceOf(view, entityId("service.instance", entity));
      const service = owner === undefined ? undefined : view.entity(owner)?.name;
      return service === undefined ? undefined : { type: "restart", service, instance: entity };
    }
    case "flag":
      return { type: "set_flag", flag: intervention.flag, variant: intervention.variant };
    case "setting": {
      const { entity, setting, value } = intervention;
      return { type: "restore_setting", service: entity, setting, value };
    }
    case "limit": {
      const { from, to, max_concurrent } = intervention;
      return { type: "limit_caller", caller: from, callee: to, maxConcurrent: max_concurrent };
    }
    case "none":
    case "load":
    case "drain":
    case "shed":
    case "demand":
    case "pool":
    case "timeout":
    case "retries":
      return undefined;
  }
}
