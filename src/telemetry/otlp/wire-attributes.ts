import type { Attributes, AttributeValue } from "../../model/entity.ts";
import type { DecodeContext } from "./context.ts";
import type { WireReader } from "./wire.ts";

/** Attributes under construction. */
export interface MutableAttributes {
  [key: string]: AttributeValue;
}

/** The length of UTF-8 text cut to `bytesMax` without cutting a character in half. */
function cutEnd(bytes: Buffer, start: number, bytesMax: number): number {
  let end = start + bytesMax;
  while (end > start && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return end;
}

/** A length-delimited text, cut to `bytesMax`. */
export function readText(
  reader: WireReader,
  context: DecodeContext,
  bytesMax: number,
  reason = "value_length",
): string {
  const end = reader.delimited();
  const start = reader.pos;
  reader.pos = end;
  if (end - start <= bytesMax) return context.strings.text(reader.bytes, start, end);
  context.report.drop(reason);
  return reader.bytes.toString("utf8", start, cutEnd(reader.bytes, start, bytesMax));
}

export const readName = (reader: WireReader, context: DecodeContext): string =>
  readText(reader, context, context.limits.nameBytesMax, "name_length");

/** NaN and the infinities are no JSON numbers; as an attribute they are their names. */
const finite = (value: number): AttributeValue => (Number.isFinite(value) ? value : String(value));

/** The value of an AnyValue that ends at `end`; arrays and maps as JSON text. `undefined`: it holds none. */
export function readValue(
  reader: WireReader,
  end: number,
  context: DecodeContext,
): AttributeValue | undefined {
  let value: AttributeValue | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 10:
        value = readText(reader, context, context.limits.valueBytesMax);
        break;
      case 16:
        value = reader.uint32() !== 0;
        break;
      case 24:
        value = reader.varint64(true);
        break;
      case 33:
        value = finite(reader.double());
        break;
      case 42:
      case 50:
        value = cutText(JSON.stringify(readNested(reader, tag, context, 1)), context);
        break;
      case 58:
        value = readBytes(reader, context);
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.close(end);
  return value;
}

function readBytes(reader: WireReader, context: DecodeContext): string {
  const end = reader.delimited();
  const text = reader.bytes.toString("base64", reader.pos, end);
  reader.pos = end;
  return cutText(text, context);
}

/** Cuts text that is already decoded to `valueBytesMax`. */
export function cutText(text: string, context: DecodeContext): string {
  const bytesMax = context.limits.valueBytesMax;
  if (text.length * 3 <= bytesMax) return text;
  if (Buffer.byteLength(text) <= bytesMax) return text;
  context.report.drop("value_length");
  const bytes = Buffer.from(text.slice(0, bytesMax));
  return bytes.toString("utf8", 0, cutEnd(bytes, 0, Math.min(bytesMax, bytes.length)));
}

/** An array (tag 42) or map (tag 50) of values. Maps are entry lists without a prototype, so no key is special. */
function readNested(
  reader: WireReader,
  tag: number,
  context: DecodeContext,
  depth: number,
): unknown {
  const end = reader.message();
  if (depth > context.limits.valueDepthMax) {
    context.report.drop("value_depth");
    reader.pos = end;
    return "…";
  }
  const items: unknown[] = [];
  const entries = new Map<string, unknown>();
  while (reader.pos < end) {
    const inner = reader.uint32();
    if (inner !== 10) reader.skip(inner);
    else if (tag === 42) items.push(readInner(reader, reader.message(), context, depth));
    else readEntry(reader, context, depth, entries);
  }
  reader.close(end);
  return tag === 42 ? items : asPlain(entries);
}

/** `Object.fromEntries` defines own properties, `__proto__` included, and touches no prototype. */
const asPlain = (entries: ReadonlyMap<string, unknown>): unknown => Object.fromEntries(entries);

function readEntry(
  reader: WireReader,
  context: DecodeContext,
  depth: number,
  entries: Map<string, unknown>,
): void {
  const end = reader.message();
  let key = "";
  let value: unknown = null;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) key = readText(reader, context, context.limits.keyBytesMax, "key_length");
    else if (tag === 18) value = readInner(reader, reader.delimited(), context, depth);
    else reader.skip(tag);
  }
  reader.close(end);
  entries.set(key, value);
}

/** An AnyValue inside an array or a map. */
function readInner(
  reader: WireReader,
  end: number,
  context: DecodeContext,
  depth: number,
): unknown {
  const tag = reader.pos < end ? reader.bytes[reader.pos] : undefined;
  if (tag !== 42 && tag !== 50) return readValue(reader, end, context) ?? null;
  reader.pos += 1;
  const value = readNested(reader, tag, context, depth + 1);
  reader.close(end);
  return value;
}

/** Reads one KeyValue into `into`; returns the number of attributes now held. */
export function readAttribute(
  reader: WireReader,
  context: DecodeContext,
  into: MutableAttributes,
  held: number,
): number {
  const end = reader.message();
  if (held >= context.limits.attributesMax) {
    context.report.drop("attribute_limit");
    reader.pos = end;
    return held;
  }
  let key = "";
  let value: AttributeValue | undefined;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === 10) {
      const keyEnd = reader.delimited();
      if (keyEnd - reader.pos > context.limits.keyBytesMax) {
        context.report.drop("key_length");
        reader.pos = end;
        return held;
      }
      key = context.strings.text(reader.bytes, reader.pos, keyEnd);
      reader.pos = keyEnd;
    } else if (tag === 18) value = readValue(reader, reader.delimited(), context);
    else reader.skip(tag);
  }
  reader.close(end);
  return putAttribute(context, into, { key, value, held });
}

/** Sets one attribute unless its key is empty or `__proto__`; returns the number now held. */
export function putAttribute(
  context: DecodeContext,
  into: MutableAttributes,
  entry: {
    readonly key: string;
    readonly value: AttributeValue | undefined;
    readonly held: number;
  },
): number {
  if (entry.value === undefined) return entry.held;
  if (entry.key === "" || entry.key === "__proto__") {
    context.report.drop("key_refused");
    return entry.held;
  }
  into[entry.key] = entry.value;
  return entry.held + 1;
}

/** The attributes of a message whose KeyValues have `attributesTag`; other fields are passed over. */
export function readAttributesOf(
  reader: WireReader,
  end: number,
  context: DecodeContext,
  attributesTag: number,
): Attributes {
  const attributes: MutableAttributes = {};
  let held = 0;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === attributesTag) held = readAttribute(reader, context, attributes, held);
    else reader.skip(tag);
  }
  reader.close(end);
  return attributes;
}
