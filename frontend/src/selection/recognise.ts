/**
 * What a file that is not DICOM is: a document to send, an archive to open, or something to leave out.
 * The content decides; the name only where the content says nothing (text, office containers).
 */

export type ContentKind =
  | 'pdf'
  | 'picture'
  | 'text'
  | 'office'
  | 'cda'
  | 'model'
  | 'data'
  | 'zip'
  | 'archive'
  | 'program'
  | 'other';

const OFFICE_ENDINGS = /\.(docx|xlsx|pptx|odt|ods|odp)$/i;
const LEGACY_OFFICE_ENDINGS = /\.(doc|xls|ppt)$/i;
const TEXT_ENDINGS = /\.(txt|text|md|csv)$/i;
/** Images, signals and models in formats that DICOM has no place for: attachments for the staff. */
const DATA_ENDINGS =
  /\.(nii|nii\.gz|hdr|mgh|mgh\.gz|mgz|mnc|nrrd|nhdr|mha|mhd|par|rec|v|edf|bdf|scp|obj|mtl|ply|3mf|vtk|gii)$/i;
const MODEL_ENDINGS = /\.stl$/i;
const PROGRAM_ENDINGS =
  /\.(exe|dll|com|bat|cmd|msi|jar|class|cab|ocx|sys|app|sh|js|vbs|ps1|lnk|inf|ini|chm|so|dylib|command)$/i;
const ARCHIVE_ENDINGS = /\.(rar|7z|tar|tgz|gz|bz2|xz|iso|img|z\d\d|zip\.\d+)$/i;

const SIGNATURES: readonly (readonly [number, string, ContentKind])[] = [
  [0, 'ffd8ff', 'picture'],
  [0, '89504e470d0a1a0a', 'picture'],
  [0, '49492a00', 'picture'],
  [0, '4d4d002a', 'picture'],
  [0, '49492b00', 'picture'], // TIFF above 4 GB
  [0, '4d4d002b', 'picture'],
  [0, '474946383761', 'picture'], // GIF
  [0, '474946383961', 'picture'],
  [0, '7b5c727466', 'office'], // {\rtf
  [0, '526172211a07', 'archive'], // RAR
  [0, '377abcaf271c', 'archive'], // 7z
  [0, '1f8b', 'archive'], // gzip
  [0, '425a68', 'archive'], // bzip2
  [0, 'fd377a585a00', 'archive'], // xz
  [257, '7573746172', 'archive'], // tar
  [0, '4d5a', 'program'],
  [0, '7f454c46', 'program'],
  [0, 'cafebabe', 'program'],
  [0, 'cffaedfe', 'program'],
];

/** What `head`, the first bytes of the file called `name`, is the beginning of. */
export function recognise(head: Uint8Array, name: string): ContentKind {
  if (hexAt(head, 0, 4) === '504b0304' || hexAt(head, 0, 4) === '504b0506') return zipKind(name);
  const signed = SIGNATURES.find(([at, hex]) => hexAt(head, at, hex.length / 2) === hex);
  if (signed?.[2] === 'archive' && DATA_ENDINGS.test(name)) return 'data';
  if (signed) return signed[2];
  // Some writers put a line of junk before the mark of a PDF.
  if (latin(head.subarray(0, 1024)).includes('%PDF-')) return 'pdf';
  return hiddenPicture(head) ?? byName(head, name);
}

/** Whether it stays with the hospital's staff, because it cannot be filed with the images. */
export function isAttachment(kind: ContentKind): boolean {
  return kind === 'office' || kind === 'data';
}

function zipKind(name: string): ContentKind {
  if (OFFICE_ENDINGS.test(name)) return 'office';
  if (DATA_ENDINGS.test(name)) return 'data';
  return PROGRAM_ENDINGS.test(name) ? 'program' : 'zip';
}

/** HEIC (ISO 14496-12, brands), WebP (RIFF) and BMP, whose marks are too short to stand alone. */
function hiddenPicture(head: Uint8Array): ContentKind | null {
  if (latin(head.subarray(0, 4)) === 'RIFF' && latin(head.subarray(8, 12)) === 'WEBP') return 'picture';
  const brand = latin(head.subarray(4, 12));
  if (/^ftyp(heic|heix|heim|heis|hevc|mif1|msf1)/.test(brand)) return 'picture';
  if (latin(head.subarray(0, 2)) !== 'BM' || head.length < 18) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return view.getUint32(6, true) === 0 && view.getUint32(14, true) <= 256 ? 'picture' : null;
}

function byName(head: Uint8Array, name: string): ContentKind {
  if (/\.zip$/i.test(name)) return 'zip';
  if (PROGRAM_ENDINGS.test(name)) return 'program';
  if (MODEL_ENDINGS.test(name)) return 'model';
  if (DATA_ENDINGS.test(name)) return 'data';
  if (ARCHIVE_ENDINGS.test(name)) return 'archive';
  if (hexAt(head, 0, 8) === 'd0cf11e0a1b11ae1') return LEGACY_OFFICE_ENDINGS.test(name) ? 'office' : 'other';
  if (/\.xml$/i.test(name)) return plainText(head).includes('ClinicalDocument') ? 'cda' : 'other';
  return TEXT_ENDINGS.test(name) && isText(head) ? 'text' : 'other';
}

function isText(head: Uint8Array): boolean {
  const marked = /^(fffe|feff)/.test(hexAt(head, 0, 2));
  return marked || !head.some((byte) => byte < 9 || (byte > 13 && byte < 27));
}

function plainText(head: Uint8Array): string {
  return latin(head.subarray(0, 4096)).replaceAll('\0', '');
}

function latin(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function hexAt(bytes: Uint8Array, at: number, length: number): string {
  return Array.from(bytes.subarray(at, at + length), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
