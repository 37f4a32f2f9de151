import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkBlocks } from "#src/demo/slack/block-rules.ts";

const text = (length: number, type = "mrkdwn") => ({ type, text: "x".repeat(length) });
const button = (extra: object = {}) => ({
  type: "button",
  action_id: "a",
  text: text(3, "plain_text"),
  ...extra,
});
const actions = (...elements: object[]) => ({ type: "actions", elements });

const FITS: Readonly<Record<string, object[]>> = {
  "50 blocks": Array.from({ length: 50 }, () => ({ type: "divider" })),
  "section of 3000": [{ type: "section", text: text(3000) }],
  "10 fields of 2000": [{ type: "section", fields: Array(10).fill(text(2000)) }],
  "header of 150": [{ type: "header", text: text(150, "plain_text") }],
  "button text 75, value 2000": [
    actions(button({ text: text(75, "plain_text"), value: "v".repeat(2000) })),
  ],
  "markdown of 12000 in two": [
    { type: "markdown", text: "x".repeat(6000) },
    { type: "markdown", text: "x".repeat(6000) },
  ],
  "the same action_id in two blocks": [actions(button()), actions(button())],
  "table of 100 rows": [
    { type: "table", rows: Array(100).fill([{ type: "raw_text", text: "a" }]) },
  ],
};

const FAILS: Readonly<Record<string, readonly [object[], string]>> = {
  "51 blocks": [Array.from({ length: 51 }, () => ({ type: "divider" })), "/blocks"],
  "section of 3001": [[{ type: "section", text: text(3001) }], "/blocks/0/text/text"],
  "empty section": [[{ type: "section" }], "/blocks/0"],
  "11 fields": [[{ type: "section", fields: Array(11).fill(text(1)) }], "/blocks/0/fields"],
  "field of 2001": [[{ type: "section", fields: [text(2001)] }], "/blocks/0/fields/0/text"],
  "header of 151": [[{ type: "header", text: text(151, "plain_text") }], "/blocks/0/text/text"],
  "button text 76": [
    [actions(button({ text: text(76, "plain_text") }))],
    "/blocks/0/elements/0/text/text",
  ],
  "button value 2001": [
    [actions(button({ value: "v".repeat(2001) }))],
    "/blocks/0/elements/0/value",
  ],
  "an action_id twice in a block": [
    [actions(button(), button())],
    "/blocks/0/elements/1/action_id",
  ],
  "a block_id twice": [
    [
      { type: "divider", block_id: "b" },
      { type: "divider", block_id: "b" },
    ],
    "/blocks/1/block_id",
  ],
  "26 buttons": [
    [actions(...Array.from({ length: 26 }, (_, i) => button({ action_id: `a${i}` })))],
    "/blocks/0/elements",
  ],
  "an unknown block": [[{ type: "hologram" }], "/blocks/0/type"],
  "a block named like a built-in": [[{ type: "constructor" }], "/blocks/0/type"],
  "an unknown element": [[actions({ type: "lever" })], "/blocks/0/elements/0/type"],
  "an alert in a message": [[{ type: "alert", text: text(3) }], "/blocks/0/type"],
  "markdown of 12001 in all": [
    [
      { type: "markdown", text: "x".repeat(6000) },
      { type: "markdown", text: "x".repeat(6001) },
    ],
    "/blocks/markdown",
  ],
  "101 table rows": [
    [{ type: "table", rows: Array(101).fill([{ type: "raw_text" }]) }],
    "/blocks/0/rows",
  ],
  "a task card without a status": [
    [{ type: "task_card", task_id: "1", title: "t" }],
    "/blocks/0/status",
  ],
  "a container in a container": [
    [{ type: "container", child_blocks: [{ type: "container", child_blocks: [] }] }],
    "/blocks/0/child_blocks/0/type",
  ],
  "three charts": [
    Array(3).fill({
      type: "data_visualization",
      title: "t",
      chart: { type: "bar", series: [{ data: [{ label: "a", value: 1 }] }] },
    }),
    "/blocks",
  ],
  "a confirm title of 101": [
    [
      actions(
        button({
          confirm: {
            title: text(101, "plain_text"),
            text: text(1),
            confirm: text(1),
            deny: text(1),
          },
        }),
      ),
    ],
    "/blocks/0/elements/0/confirm/title/text",
  ],
  "an image without alt text": [
    [{ type: "image", image_url: "https://example.com/a.png" }],
    "/blocks/0",
  ],
};

describe("block rules", () => {
  test.each(Object.entries(FITS))("%s is fine", (_name, blocks) => {
    expect(checkBlocks(blocks)).toEqual([]);
  });

  test.each(Object.entries(FAILS))("%s is refused where it stands", (_name, [blocks, pointer]) => {
    expect(checkBlocks(blocks).join("\n")).toContain(`[json-pointer:${pointer}]`);
  });

  test("an alert is fine in a view, which takes a hundred blocks", () => {
    const alerts = Array.from({ length: 100 }, () => ({ type: "alert", text: text(3) }));
    expect(checkBlocks(alerts, "view")).toEqual([]);
    expect(checkBlocks([...alerts, alerts[0]], "view")).not.toEqual([]);
  });

  test("nothing that JSON can carry makes it throw", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(Array.isArray(checkBlocks([value, { type: "section", accessory: value }]))).toBe(
          true,
        );
      }),
    );
  });
});
