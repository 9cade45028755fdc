/**
 * By what a file is recognised when it is chosen again: its path, its size and the digest of its beginning.
 * Discs of one maker have the same paths and often the same sizes, whoever's images they hold; the beginning
 * of an Instance names its patient and its UID. Cases: tests/cases/files.json.
 */
import type { SourceFile } from './source';

/** As much is looked at of an Instance whose UIDs lie in it: these bytes are read anyway to find the header. */
export const INSTANCE_BYTES = 8192;
/** Other files may begin all alike, for instance scanned pages with a white margin. */
const OTHER_BYTES = 64 << 20;

/** 64 hexadecimal digits; throws SourceError when the file has to be read and cannot be. */
export async function fingerprintOf(file: SourceFile, beginning = ''): Promise<string> {
  return fingerprint(file.path, file.size, beginning || (await digestBeginning(file)));
}

export function fingerprint(path: string, size: number, beginning: string): Promise<string> {
  return sha256(new TextEncoder().encode(`${size}\n${beginning}\n${path}`));
}

/** What an upload of exactly these files is called, in the order of their numbers. */
export async function fingerprintOfAll(fingerprints: readonly string[]): Promise<string> {
  return (await sha256(new TextEncoder().encode(fingerprints.join('')))).slice(0, 40);
}

export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function digestBeginning(file: SourceFile): Promise<string> {
  if (file.size === 0) return sha256(new Uint8Array(0));
  try {
    return await sha256(await file.read(0, Math.min(file.size, OTHER_BYTES)));
  } finally {
    file.close?.();
  }
}
