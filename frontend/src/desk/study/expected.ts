/** What an upload rests on, as the API sends it: whom the invitation expects, and what the sender agreed to. */
import type { Attribute, Person, Verdict } from '../../identity/verdict';

export interface Expected extends Person {
  asked_for: string;
  /** What the verdict rests on. */
  differing: Attribute[];
  /** What the sender's page said before anything was sent; null from a sender without that page. */
  sender_verdict: Verdict | null;
  /** Asked, the sender said that it is the right person. */
  sender_confirmed: boolean;
}

export interface Consent {
  given_at: string;
  /** Names exactly the two texts. */
  policy_version: string;
  language: string;
  texts_language: string;
  privacy_policy: boolean;
  sharing: boolean;
  privacy_policy_text: string;
  sharing_text: string;
}

export const VERDICT_LOOKS: Record<Verdict, { sign: string; kind: string }> = {
  matches: { sign: '✓', kind: 'good' },
  differs: { sign: '!', kind: 'doubt' },
  another_person: { sign: '×', kind: 'bad' },
  not_stated: { sign: '?', kind: 'doubt' },
};
