/**
 * Turns what the sender picked or dropped into source files: several files, a folder, a CD, or all of
 * these dropped together. Folders are walked through handles where the browser has them (they are three
 * times as fast), else through entries.
 */
import { diskFile, type SourceFile } from './source';

/** Files of an `<input type="file">`, with or without `webkitdirectory`. */
export function fromInput(files: Iterable<File>): SourceFile[] {
  return Array.from(files, (file) => diskFile(file, file.webkitRelativePath || file.name));
}

type Gathered = { files: SourceFile[]; unreadable: string[] };

/**
 * Everything in a drop. Must be called within the event: the browser forgets the items afterwards.
 * Folders that cannot be listed are named in `unreadable`.
 */
export async function fromDrop(data: DataTransfer): Promise<Gathered> {
  const gathered: Gathered = { files: [], unreadable: [] };
  const roots = Array.from(data.items)
    .filter((item) => item.kind === 'file')
    .map((item) => openItem(item));
  for (const root of roots) await root(gathered);
  return gathered;
}

type Walk = (into: Gathered) => Promise<void>;

function openItem(item: DataTransferItem): Walk {
  const entry = item.webkitGetAsEntry?.() ?? null;
  const file = item.getAsFile();
  // The promise must be asked for before the event ends; where handles fail, the entry still works.
  const handle = item.getAsFileSystemHandle?.().catch(() => null) ?? Promise.resolve(null);
  return async (into) => {
    const found = await handle;
    if (found) await walkHandle(found, '', into);
    else if (entry) await walkEntry(entry, into);
    else if (file) into.files.push(diskFile(file, file.name));
  };
}

async function walkHandle(handle: FileSystemHandle, parent: string, into: Gathered): Promise<void> {
  const path = parent ? `${parent}/${handle.name}` : handle.name;
  try {
    if (isFile(handle)) into.files.push(diskFile(await handle.getFile(), path));
    else if (isDirectory(handle)) {
      for await (const child of handle.values()) await walkHandle(child, path, into);
    }
  } catch {
    into.unreadable.push(path);
  }
}

function isFile(handle: FileSystemHandle): handle is FileSystemFileHandle {
  return handle.kind === 'file';
}

function isDirectory(handle: FileSystemHandle): handle is FileSystemDirectoryHandle {
  return handle.kind === 'directory';
}

async function walkEntry(entry: FileSystemEntry, into: Gathered): Promise<void> {
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      );
      into.files.push(diskFile(file, entry.fullPath));
    } else {
      for (const child of await listEntries(entry as FileSystemDirectoryEntry)) await walkEntry(child, into);
    }
  } catch {
    into.unreadable.push(entry.fullPath.replace(/^\//, ''));
  }
}

/** A reader hands out at most 100 entries at a time; an empty answer ends the list. */
async function listEntries(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (batch.length === 0) return all;
    all.push(...batch);
  }
}
