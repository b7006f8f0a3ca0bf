/** What encrypts and decrypts an archive, out of its configuration; and what is to be told where that does not do. */
import { readFileSync } from "node:fs";
import { AccessError, DamagedStoreError, KeyWantedError, UsageError } from "../../errors.ts";
import type { BackendConfig } from "../config.ts";
import { type AgeError, isIdentity, isRecipient, type Keys, type Lock } from "./age.ts";

const IDENTITY = /^AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]+$/;
const RECIPIENT = /^age1[0-9a-z]+$/;

/**
 * What an archive that is made is encrypted with; null for a plain one.
 * @throws UsageError for a name that says more than the configuration does, and for what is no recipient; AccessError
 */
export function lockOf({ path = "", password, recipient }: BackendConfig): Lock | null {
  if (password !== undefined && recipient !== undefined) {
    throw new UsageError("an archive is encrypted with a passphrase or for recipients, not with both", {
      next: "Give only one: --to-recipient, or a passphrase.",
    });
  }
  if (password !== undefined) return { passphrase: password };
  if (recipient !== undefined) return { recipients: recipient.split(",").flatMap(recipientsOf) };
  if (!/\.age$/i.test(path)) return null;
  throw new UsageError(`${path} is the name of an encrypted archive, and there is nothing to encrypt it with`, {
    next: "Add --to-recipient age1…, or --to-password-file FILE with a passphrase; or leave .age out of the name.",
  });
}

/** @throws UsageError, AccessError */
export function keysOf({ password, identity }: BackendConfig): Keys {
  return { passphrase: password ?? null, identities: identity === undefined ? [] : identitiesIn(identity) };
}

/** A key, or those of a file, one a line. */
function recipientsOf(text: string): string[] {
  if (RECIPIENT.test(text)) {
    if (isRecipient(text)) return [text];
    throw new UsageError(`${text} is no key of a recipient: a part of it is missing or wrong`, {
      next: "Copy the whole public key, as age-keygen printed it.",
    });
  }
  if (/^ssh-/.test(text)) {
    throw new UsageError("a key of SSH is no recipient of archives: only those of age are supported", {
      next: "Make one with age-keygen -o FILE, keep that, and give the public key that it prints (age1…).",
    });
  }
  const lines = linesOf(text, "recipients");
  const other = lines.find((line) => !RECIPIENT.test(line) || !isRecipient(line));
  if (other === undefined) return lines;
  throw new UsageError(`${text} holds a line that is no recipient: ${other.slice(0, 20)}…`, {
    next: "Put one whole key that begins with age1 on each line; keys of SSH are not supported.",
  });
}

function identitiesIn(path: string): string[] {
  const lines = linesOf(path, "identities");
  // Not shown: it may be a part of a secret key.
  if (lines.every((line) => IDENTITY.test(line) && isIdentity(line))) return lines;
  throw new UsageError(`${path} is no file of age identities`, {
    next: "Name a file as age-keygen writes it (AGE-SECRET-KEY-1…); decrypt it first where it is encrypted itself: age -d.",
  });
}

/** @throws AccessError; UsageError for one without a key */
function linesOf(path: string, what: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new AccessError(`the file of ${what} ${path} cannot be read`, { next: "Check the path.", cause });
  }
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length > 0) return lines;
  throw new UsageError(`the file of ${what} ${path} holds no key`, { next: "Check the path." });
}

/** What a person can do about it. */
export function explained(
  path: string,
  { reason }: AgeError,
  { identity }: BackendConfig,
  side: "from" | "to" = "from",
): Error {
  switch (reason) {
    case "passphrase wanted":
      return new KeyWantedError(`${path} is encrypted with a passphrase`, {
        next: `Give it with --${side}-password-file or --${side}-password-command, or run this where it can be typed.`,
        secret: "passphrase",
      });
    case "identity wanted":
      return new KeyWantedError(`${path} is encrypted for recipients`, {
        next: `Add --${side}-identity FILE, the file with the secret key of one of them.`,
        secret: null,
      });
    case "wrong passphrase":
      return new AccessError(`the passphrase of ${path} is another one`, {
        next: "Give the one that it was made with.",
      });
    case "no identity fits":
      return new AccessError(`no identity in ${identity} opens ${path}: it is encrypted for others`, {
        next: "Name the file with the secret key of one of its recipients.",
      });
    case "too much work":
      return new AccessError(`${path} demands more work for its passphrase than this program does (2 ** 22)`, {
        next: "Decrypt it with age, and name the result.",
      });
    case "damaged header":
      return new DamagedStoreError(`${path} is encrypted, and its header is damaged: nothing of it can be decrypted`, {
        next: "Keep the file as it is, and restore another archive.",
      });
  }
}
