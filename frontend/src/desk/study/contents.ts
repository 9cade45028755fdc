/** What came that is more than a picture, in words. */
import { t } from '../../locales';

const KNOWN = [
  'structured_report',
  'key_object_selection',
  'presentation_state',
  'radiotherapy',
  'segmentation',
  'encapsulated_pdf',
  'encapsulated_cda',
  'encapsulated_model',
] as const;
type Known = (typeof KNOWN)[number];

export interface ContentLine {
  name: string;
  count: string;
}

export function contentLines(contents: readonly { kind: string; instances: number }[]): ContentLine[] {
  return contents.map(({ kind, instances }) => ({
    name: KNOWN.includes(kind as Known) ? t(`desk.contents.${kind as Known}`) : t('desk.contents.other'),
    count: t('desk.contents.count', { count: instances }),
  }));
}
