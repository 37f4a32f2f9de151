import type { Attributes, AttributeValue } from "../../model/entity.ts";
import { type DecodeContext, malformed } from "./context.ts";
import { cutText, type MutableAttributes, putAttribute } from "./wire-attributes.ts";

/** An object that came in as JSON. Only own properties are ever read through `field`. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field by its lowerCamelCase name, else by its proto name: protobuf's JSON readers must take both. */
export function field(object: JsonObject, camel: string, snake: string): unknown {
  const value = object[camel];
  return value === undefined ? object[snake] : value;
}

const NONE: readonly never[] = [];

/** An array field; absent and null are empty. */
export function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return NONE;
  if (!Array.isArray(value)) throw malformed(`${name} is not an array`);
  return value;
}

export function objectOf(value: unknown, name: string): JsonObject {
  if (!isObject(value)) throw malformed(`${name} is not an object`);
  return value;
}

export function textOf(value: unknown, name: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw malformed(`${name} is not a string`);
  return value;
}

export function nameOf(value: unknown, name: string, context: DecodeContext): string {
  const text = textOf(value, name);
  if (text.length * 3 <= context.limits.nameBytesMax) return text;
  if (Buffer.byteLength(text) <= context.limits.nameBytesMax) return text;
  context.report.drop("name_length");
  return Buffer.from(text)
    .toString("utf8", 0, context.limits.nameBytesMax)
    .replace(/\ufffd$/, "");
}

const DECIMAL = /^-?\d{1,20}$/;

/** A number, or its text as JSON writes 64-bit integers, NaN and the infinities. Absent and null are 0. */
export function numberOf(value: unknown, name: string): number {
  if (typeof value === "number") return value;
  if (value === undefined || value === null) return 0;
  if (typeof value === "string" && value.length <= 32 && value !== "") {
    if (value === "NaN") return Number.NaN;
    const number = Number(value);
    if (!Number.isNaN(number)) return number;
  }
  throw malformed(`${name} is not a number`);
}

/** Nanoseconds since the epoch as epoch milliseconds; never negative. */
export function timeOf(value: unknown, name: string): number {
  if (value === undefined || value === null) return 0;
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !DECIMAL.test(text)) {
    // A double written with an exponent is still a time; it has lost its last digits before it came here.
    if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return value / 1e6;
    throw malformed(`${name} is not a time in nanoseconds`);
  }
  if (text.startsWith("-")) return 0;
  if (text.length <= 6) return Number(text) / 1e6;
  return Number(text.slice(0, -6)) + Number(text.slice(-6)) / 1e6;
}

/** An enum by number, by number in a string, or by name; unknown ones are 0. */
export function enumOf(value: unknown, names: readonly string[]): number {
  if (typeof value === "number") return Number.isInteger(value) && value > 0 ? value : 0;
  if (typeof value !== "string") return 0;
  const index = names.indexOf(value);
  if (index >= 0) return index;
  return /^\d{1,3}$/.test(value) ? Number(value) : 0;
}

const TRACE_ID = /^(?!0+$)[0-9a-f]{32}$/;
const SPAN_ID = /^(?!0+$)[0-9a-f]{16}$/;

/** Lower-case hex, or "" when it is no id. */
export function traceIdOf(value: unknown): string {
  return idOf(value, TRACE_ID);
}

export function spanIdOf(value: unknown): string {
  return idOf(value, SPAN_ID);
}

function idOf(value: unknown, shape: RegExp): string {
  if (typeof value !== "string" || value.length > 32) return "";
  if (shape.test(value)) return value;
  const lower = value.toLowerCase();
  return shape.test(lower) ? lower : "";
}

/** The value of an AnyValue; arrays and maps as JSON text. `undefined`: it holds none. */
export function attributeValueOf(
  value: unknown,
  context: DecodeContext,
): AttributeValue | undefined {
  if (!isObject(value)) return undefined;
  // Named access instead of `field`: this is the hottest line of the JSON reader.
  const text = value.stringValue ?? value.string_value;
  if (typeof text === "string") return cutText(text, context);
  const whole = value.intValue;
  if (typeof whole === "number") return finite(whole);
  const plain = plainOf(value, context, 1);
  if (typeof plain === "object" && plain !== null) return cutText(JSON.stringify(plain), context);
  return isScalar(plain) ? plain : undefined;
}

function isScalar(value: unknown): value is AttributeValue {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** An AnyValue as plain data, no deeper than the limit. */
function plainOf(value: JsonObject, context: DecodeContext, depth: number): unknown {
  const text = value.stringValue ?? value.string_value ?? value.bytesValue ?? value.bytes_value;
  if (text !== undefined) return cutText(textOf(text, "an attribute's text"), context);
  const whole = value.intValue ?? value.int_value;
  if (whole !== undefined) return finite(numberOf(whole, "intValue"));
  const double = value.doubleValue ?? value.double_value;
  if (double !== undefined) return finite(numberOf(double, "doubleValue"));
  const bool = value.boolValue ?? value.bool_value;
  if (bool !== undefined) return bool === true || bool === "true";
  return nestedOf(value, context, depth);
}

/** The array or map of an AnyValue, or null when it holds nothing at all. */
function nestedOf(value: JsonObject, context: DecodeContext, depth: number): unknown {
  const array = value.arrayValue ?? value.array_value;
  const list = value.kvlistValue ?? value.kvlist_value;
  if (array === undefined && list === undefined) return null;
  if (depth > context.limits.valueDepthMax) {
    context.report.drop("value_depth");
    return "…";
  }
  const inner = (item: unknown): unknown =>
    isObject(item) ? plainOf(item, context, depth + 1) : null;
  if (isObject(array)) return listOf(array.values, "values").map(inner);
  if (!isObject(list)) return null;
  return Object.fromEntries(
    listOf(list.values, "values").map((entry) => {
      const { key, value: held } = objectOf(entry, "a map entry");
      return [cutText(textOf(key, "key"), context), inner(held)];
    }),
  );
}

const finite = (value: number): AttributeValue => (Number.isFinite(value) ? value : String(value));

/** A list of KeyValues. */
export function attributesOf(value: unknown, context: DecodeContext): MutableAttributes {
  const attributes: MutableAttributes = {};
  if (value === undefined || value === null) return attributes;
  const entries = listOf(value, "attributes");
  let held = 0;
  for (const item of entries) {
    if (held >= context.limits.attributesMax) {
      context.report.drop("attribute_limit");
      break;
    }
    const entry = objectOf(item, "an attribute");
    const key = textOf(entry.key, "an attribute's key");
    const { keyBytesMax } = context.limits;
    if (key.length * 3 > keyBytesMax && Buffer.byteLength(key) > keyBytesMax) {
      context.report.drop("key_length");
    } else {
      held = putAttribute(context, attributes, {
        key,
        value: attributeValueOf(entry.value, context),
        held,
      });
    }
  }
  return attributes;
}

export function resourceOf(value: unknown, context: DecodeContext): Attributes {
  if (value === undefined || value === null) return {};
  return attributesOf(objectOf(value, "resource").attributes, context);
}
