/** Tells the server what will come, some files at a time. */
import { isUid } from '../selection/header';
import type { AnnouncedFile } from './messages';
import type { TransferFile } from './work';

const AT_ONCE = 1000;

/** Announces all files; returns the encodings in which the server takes frames. */
export async function announce(
  files: readonly TransferFile[],
  send: (some: AnnouncedFile[]) => Promise<string[]>,
): Promise<string[]> {
  let encodings: string[] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    encodings = await send(files.slice(at, at + AT_ONCE).map(announcement));
  }
  return encodings;
}

function announcement({ number, file, role, studyUid, fingerprint }: TransferFile): AnnouncedFile {
  const study = studyUid && isUid(studyUid) ? { study_instance_uid: studyUid } : {};
  return { number, path: file.path, size: file.size, fingerprint, role, ...study };
}
