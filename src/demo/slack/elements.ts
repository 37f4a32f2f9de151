import type { Json } from "./contract.ts";
import { asArray, asObject, asObjects, asString } from "./json.ts";

/** An interactive element of a message and the block that holds it. */
export interface PlacedElement {
  readonly element: Json;
  readonly blockId: string;
}

function elementsOf(block: Json): readonly PlacedElement[] {
  const blockId = asString(block.block_id) ?? "";
  const own = [
    ...asObjects(block.elements),
    ...asObjects(block.actions),
    ...(block.accessory === undefined ? [] : [asObject(block.accessory)]),
  ];
  const cards = own.filter((element) => element.type === "card").flatMap(elementsOf);
  const children = asObjects(block.child_blocks).flatMap(elementsOf);
  return [...own.map((element) => ({ element, blockId })), ...cards, ...children];
}

/** The choices of an element: a button has one, feedback two, a menu its options. */
function choicesOf(element: Json): readonly Json[] {
  if (element.type === "feedback_buttons")
    return [asObject(element.positive_button), asObject(element.negative_button)];
  if (element.options !== undefined) return asObjects(element.options);
  const groups = asArray(element.option_groups).map(asObject);
  if (groups.length > 0) return groups.flatMap((group) => asObjects(group.options));
  return [element];
}

/** The element with this action_id that offers this value; the first one when no value is asked for. */
export function findElement(
  blocks: readonly Json[],
  actionId: string,
  value: string | undefined,
): PlacedElement | undefined {
  return blocks
    .flatMap(elementsOf)
    .filter(({ element }) => element.action_id === actionId)
    .find(
      ({ element }) =>
        value === undefined || choicesOf(element).some((choice) => choice.value === value),
    );
}

/** The entry of `actions` in a block_actions payload. */
export function actionOf(placed: PlacedElement, value: string | undefined, actionTs: string): Json {
  const { element, blockId } = placed;
  const type = asString(element.type) ?? "button";
  const head = { type, action_id: element.action_id, block_id: blockId, action_ts: actionTs };
  const choices = choicesOf(element);
  const chosen = choices.find((choice) => choice.value === value) ?? choices[0] ?? {};
  if (type === "static_select" || type === "overflow" || type === "radio_buttons")
    return { ...head, selected_option: { text: chosen.text, value: chosen.value } };
  return {
    ...head,
    ...(chosen.text === undefined ? {} : { text: chosen.text }),
    ...(chosen.value === undefined ? {} : { value: chosen.value }),
    ...(element.style === undefined ? {} : { style: element.style }),
  };
}
