/**
 * Reads the first bytes of files and says what each one is. Up to 64 beginnings are glued into one Blob
 * and read at once: that is more than twice as fast as file by file where asking for a file is dear.
 */
import { INSTANCE_BYTES, sha256 } from './fingerprint';
import { type Header, type HeaderResult, InflateNeeded, loadInflate, readHeader } from './header';
import { type ContentKind, recognise } from './recognise';
import { fileName, SourceError, type SourceErrorCode, type SourceFile } from './source';

export type Peeked = {
  file: SourceFile;
} /** `beginning`: SHA-256 of the first 8192 bytes; empty when the UIDs do not stand in them. */ & (
  | { kind: 'instance'; header: Header; beginning: string }
  | { kind: 'damaged' }
  | { kind: 'other'; content: ContentKind }
  | { kind: 'unreadable'; code: SourceErrorCode | 'empty' }
);

const HEAD = INSTANCE_BYTES;
/** When what is wanted lies further back, behind long sequences. */
const LONGER = [65_536, 524_288, 8_388_608];
const MEANT_AS_DICOM = /\.(dcm|dicom|dic|ima)$/i;
/** Stands for a digest that is still to be made. */
const NAMED = 'named';
/** Archive entries unpacked at a time. */
const UNPACKING = 4;

/** Looks at a batch of at most 64 files; the answers come in the same order. */
export async function peek(batch: readonly SourceFile[]): Promise<Peeked[]> {
  const heads = await readHeads(batch);
  const answers: Peeked[] = [];
  for (const [i, file] of batch.entries())
    answers.push(await judge(file, heads[i] ?? new SourceError('file.unreadable')));
  return Promise.all(answers.map((answer, i) => digest(answer, heads[i])));
}

async function digest(peeked: Peeked, head: Uint8Array | SourceError | undefined): Promise<Peeked> {
  const isNamed = peeked.kind === 'instance' && peeked.beginning === NAMED;
  return isNamed && head instanceof Uint8Array ? { ...peeked, beginning: await sha256(head) } : peeked;
}

async function readHeads(batch: readonly SourceFile[]): Promise<(Uint8Array | SourceError)[]> {
  const glued = await readGlued(batch);
  if (glued) return glued;
  const heads: (Uint8Array | SourceError)[] = [];
  for (let at = 0; at < batch.length; at += UNPACKING) {
    heads.push(...(await Promise.all(batch.slice(at, at + UNPACKING).map(readHead))));
  }
  return heads;
}

/** All beginnings in one read; null when that is not possible, or when not every byte came. */
async function readGlued(batch: readonly SourceFile[]): Promise<Uint8Array[] | null> {
  const blobs = batch.map((file) => file.blob?.slice(0, HEAD) ?? null);
  if (blobs.includes(null)) return null;
  try {
    const bytes = new Uint8Array(await new Blob(blobs as Blob[]).arrayBuffer());
    const lengths = batch.map((file) => Math.min(file.size, HEAD));
    if (bytes.byteLength !== lengths.reduce((sum, length) => sum + length, 0)) return null;
    let at = 0;
    return lengths.map((length) => {
      at += length;
      return bytes.subarray(at - length, at);
    });
  } catch {
    return null;
  }
}

async function readHead(file: SourceFile): Promise<Uint8Array | SourceError> {
  if (file.size === 0) return new Uint8Array(0);
  try {
    return await file.read(0, Math.min(file.size, HEAD));
  } catch (error) {
    return error instanceof SourceError ? error : new SourceError('file.unreadable');
  } finally {
    file.close?.();
  }
}

async function judge(file: SourceFile, head: Uint8Array | SourceError): Promise<Peeked> {
  if (head instanceof SourceError) return { file, kind: 'unreadable', code: head.code };
  if (file.size === 0) return { file, kind: 'unreadable', code: 'empty' };
  const first = await headerOf(head, head.byteLength === file.size);
  const result = first.status === 'more' ? await readFurther(file) : first;
  if (result instanceof SourceError) return { file, kind: 'unreadable', code: result.code };
  if (result.status === 'read')
    return { file, kind: 'instance', header: result.header, beginning: first.status === 'read' ? NAMED : '' };
  if (result.status === 'damaged' || result.status === 'more') return { file, kind: 'damaged' };
  const content = recognise(head, fileName(file.path));
  return content === 'other' && MEANT_AS_DICOM.test(file.path)
    ? { file, kind: 'damaged' }
    : { file, kind: 'other', content };
}

async function headerOf(head: Uint8Array, complete: boolean): Promise<HeaderResult> {
  try {
    return readHeader(head, complete);
  } catch (error) {
    if (!(error instanceof InflateNeeded)) throw error;
    await loadInflate();
    return readHeader(head, complete);
  }
}

async function readFurther(file: SourceFile): Promise<HeaderResult | SourceError> {
  try {
    for (const length of LONGER) {
      const end = Math.min(length, file.size);
      const result = await headerOf(await file.read(0, end), end === file.size);
      if (result.status !== 'more' || end === file.size) return result;
    }
    return { status: 'damaged' };
  } catch (error) {
    return error instanceof SourceError ? error : new SourceError('file.unreadable');
  } finally {
    file.close?.();
  }
}
