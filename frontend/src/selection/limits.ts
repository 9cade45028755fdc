/** What an archive that the sender chose may ask of the computer, with all archives inside it, before it is refused. */
export interface ArchiveLimits {
  entries: number;
  /** Bytes of all entries together. */
  totalBytes: number;
  /** Unpacked by packed size; looked at only above `ratioFrom` bytes, for black images pack well. */
  ratio: number;
  ratioFrom: number;
  /** Archives inside archives; 1 opens none. */
  depth: number;
  /** Archives opened, itself included. */
  archives: number;
  /** An archive inside an archive must be unpacked whole before it can be opened. */
  nestedBytes: number;
}

export const ARCHIVE_LIMITS: ArchiveLimits = {
  entries: 50_000,
  totalBytes: 20e9,
  ratio: 200,
  ratioFrom: 32e6,
  depth: 3,
  archives: 40,
  nestedBytes: 512e6,
};
