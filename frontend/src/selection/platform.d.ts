/** Parts of the platform that the type library does not know yet. */
interface DataTransferItem {
  /** File System Access: a handle for a dropped file or folder (Chromium). */
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}
