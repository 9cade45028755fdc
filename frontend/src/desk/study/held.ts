/** What a person has to look at before it may leave, as the API sends and takes it. */

export type LeftOutReason = 'names_somebody' | 'shows_somebody' | 'not_needed' | 'unreadable' | 'other';

export const LEFT_OUT_REASONS: readonly LeftOutReason[] = [
  'names_somebody',
  'shows_somebody',
  'not_needed',
  'unreadable',
  'other',
];

export type HoldReason =
  | 'burned_in_annotation'
  | 'recognisable_features'
  | 'ultrasound'
  | 'secondary_capture'
  | 'screen'
  | 'photograph'
  | 'document'
  | 'overlay_in_pixels'
  | 'opaque_value';

/** What a person has to look at before it may leave, or has looked at. */
export interface HeldItem {
  id: string;
  kind: 'picture' | 'document';
  reasons: HoldReason[];
  hold: 'waiting' | 'released' | 'left_out';
  left_out_reason: LeftOutReason | '';
  /** False: nothing at the desk shows it, so that it can only be left out. */
  releasable: boolean;
  frames: number;
  url: string;
}

/** Each item with its number among those of its kind: picture 1, picture 2, document 1. */
export function numbered(items: readonly HeldItem[]): { item: HeldItem; number: number }[] {
  const counts = { picture: 0, document: 0 };
  return items.map((item) => {
    counts[item.kind] += 1;
    return { item, number: counts[item.kind] };
  });
}
