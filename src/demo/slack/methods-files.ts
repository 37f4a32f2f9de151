import type { Clock } from "../../clock.ts";
import { asObjects, asString } from "./json.ts";
import { type Method, required, type Triggers, type Uploads } from "./methods.ts";
import { contentOf } from "./methods-chat.ts";
import { BOT_USER_ID, SlackError, type Workspace } from "./workspace.ts";

/** Slack takes 1 GB; a local workspace has no use for more than this. */
export const MAX_FILE_BYTES = 20_000_000;
const MAX_OPEN_UPLOADS = 100;
const MAX_FILES_PER_MESSAGE = 20;

interface Upload {
  readonly name: string;
  readonly length: number;
  readonly altText: string;
  bytes?: Buffer;
}

/** The type by the first bytes, not by the name: what is served as an image is one. */
function mimetypeOf(bytes: Buffer): string {
  if (bytes.subarray(0, 4).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47]))) return "image/png";
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return "image/jpeg";
  if (bytes.subarray(0, 4).toString("latin1") === "GIF8") return "image/gif";
  return "application/octet-stream";
}

/** Addresses that `files.getUploadURLExternal` handed out, until the upload is completed. */
export function createUploads(workspace: Workspace): Uploads {
  const open = new Map<string, Upload>();
  return {
    open: ({ name, length, altText }) => {
      const id = workspace.newId("F");
      open.set(id, { name, length, altText });
      const [oldest] = open.keys();
      if (open.size > MAX_OPEN_UPLOADS && oldest !== undefined) open.delete(oldest);
      return id;
    },
    receive: (id, bytes) => {
      const upload = open.get(id);
      if (upload === undefined) throw new SlackError("file_not_found");
      if (bytes.length !== upload.length) throw new SlackError("file_upload_size_mismatch");
      upload.bytes = bytes;
    },
    complete: (id, title) => {
      const upload = open.get(id);
      if (upload?.bytes === undefined) throw new SlackError("file_not_found");
      open.delete(id);
      const { name, altText, bytes } = upload;
      workspace.keepFile({
        id,
        name,
        title: title ?? name,
        altText,
        mimetype: mimetypeOf(bytes),
        bytes,
      });
      return id;
    },
  };
}

const getUploadUrl: Method = (args, { uploads, baseUrl }) => {
  const length = Number(args.length);
  if (!Number.isInteger(length) || length <= 0) throw new SlackError("invalid_arguments");
  if (length > MAX_FILE_BYTES) throw new SlackError("file_upload_size_restricted");
  const altText = asString(args.alt_txt) ?? asString(args.alt_text) ?? "";
  const id = uploads.open({ name: required(args, "filename"), length, altText });
  return { upload_url: `${baseUrl()}/upload/${id}`, file_id: id };
};

const completeUpload: Method = (args, { workspace, uploads }) => {
  const given = asObjects(args.files);
  if (given.length === 0 || given.length > MAX_FILES_PER_MESSAGE)
    throw new SlackError("invalid_arguments");
  const reference = asString(args.channel_id) ?? asString(args.channels);
  const channel = reference === undefined ? undefined : workspace.channel(reference);
  if (channel?.members.has(BOT_USER_ID) === false) throw new SlackError("not_in_channel");
  const comment = asString(args.initial_comment) ?? "";
  const content =
    comment === "" && args.blocks === undefined
      ? { text: "" }
      : contentOf({ text: comment, blocks: args.blocks });
  const ids = given.map((file) => uploads.complete(asString(file.id) ?? "", asString(file.title)));
  const threadTs = asString(args.thread_ts);
  if (channel !== undefined)
    workspace.post({
      channel: channel.id,
      user: BOT_USER_ID,
      ...content,
      ...(threadTs === undefined ? {} : { threadTs }),
      fileIds: ids,
    });
  return { files: ids.map((id) => ({ id, title: workspace.files.get(id)?.title ?? "" })) };
};

const fileInfo: Method = (args, { workspace, baseUrl }) => {
  const file = workspace.files.get(required(args, "file"));
  if (file === undefined) throw new SlackError("file_not_found");
  const { id, name, title, mimetype, bytes } = file;
  return {
    file: {
      id,
      name,
      title,
      mimetype,
      size: bytes.length,
      url_private: `${baseUrl()}/files/${id}`,
    },
  };
};

export const FILE_METHODS: Readonly<Record<string, Method>> = {
  "files.getUploadURLExternal": getUploadUrl,
  "files.completeUploadExternal": completeUpload,
  "files.info": fileInfo,
};

/** A trigger_id opens one view, within this time, ms. */
const TRIGGER_LIFE_MS = 3000;
const MAX_TRIGGERS = 1000;

export function createTriggers(workspace: Workspace, clock: Clock): Triggers {
  const issued = new Map<string, number>();
  return {
    issue: () => {
      const id = `${workspace.newId("")}.${workspace.newId("")}`;
      issued.set(id, clock.nowMs());
      const [oldest] = issued.keys();
      if (issued.size > MAX_TRIGGERS && oldest !== undefined) issued.delete(oldest);
      return id;
    },
    use: (id) => {
      const atMs = issued.get(id ?? "");
      if (id === undefined || atMs === undefined) throw new SlackError("invalid_trigger_id");
      issued.set(id, Number.NEGATIVE_INFINITY);
      if (atMs === Number.NEGATIVE_INFINITY) throw new SlackError("exchanged_trigger_id");
      if (clock.nowMs() - atMs > TRIGGER_LIFE_MS) throw new SlackError("expired_trigger_id");
    },
  };
}
