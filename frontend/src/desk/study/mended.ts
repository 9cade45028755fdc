/** What was mended on arrival, in words; what a person has to look at comes first. */
import { t } from '../../locales';

const KNOWN = [
  'pixel_data_truncated',
  'preamble_added',
  'file_meta_rebuilt',
  'file_meta_length',
  'sop_uids_of_file_meta',
  'transfer_syntax_corrected',
  'pixel_data_padded',
  'trailing_bytes_removed',
  'elements_reencoded',
  'stray_delimiters_removed',
  'duplicate_elements',
  'foreign_group_removed',
] as const;
type Known = (typeof KNOWN)[number];

export interface MendedLine {
  sentence: string;
  count: string;
  /** The picture itself is not whole. */
  grave: boolean;
}

export function mendedLines(repairs: readonly { code: string; instances: number }[]): MendedLine[] {
  const place = (code: string): number => {
    const at = KNOWN.indexOf(code as Known);
    return at < 0 ? KNOWN.length : at;
  };
  return [...repairs]
    .sort((left, right) => place(left.code) - place(right.code))
    .map(({ code, instances }) => ({
      sentence: place(code) < KNOWN.length ? t(`desk.mended.${code as Known}`) : t('desk.mended.other'),
      count: t('desk.mended.count', { count: instances }),
      grave: code === 'pixel_data_truncated',
    }));
}
