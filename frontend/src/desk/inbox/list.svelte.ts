/** The inbox as the page holds it: loaded, searched, prolonged and quietly refreshed. */
import { t } from '../../locales';
import { api, voice } from '../desk.svelte';
import { sentenceOf } from '../problems';
import type { InboxPage, Upload } from '../types';
import { type InboxQuery, joined, linesOf, newcomers } from './rows';

const PAGE_LENGTH = 50;

export class InboxList {
  query = $state<InboxQuery>({ view: 'waiting', state: '', q: '' });
  uploads = $state.raw<Upload[]>([]);
  lines = $derived(linesOf(this.uploads));
  loaded = $state(false);
  busy = $state(false);
  more = $state(false);
  problem = $state('');
  #pages = 1;
  #turn = 0;

  /** Load from the start, because the question has changed. */
  async load(): Promise<void> {
    this.#pages = 1;
    this.busy = true;
    const answered = await this.#fetch();
    if (!answered) return;
    this.busy = false;
    this.loaded = true;
    if (this.problem === '') voice.say(t('desk.inbox.found', { count: this.lines.length }));
  }

  /** Load what is shown once more; throws, so that the polling slows down while the server is away. */
  async refresh(): Promise<void> {
    const before = this.uploads;
    const answered = await this.#fetch();
    if (!answered) return;
    this.loaded = true;
    if (this.problem !== '') throw new Error('refresh');
    const count = newcomers(before, this.uploads);
    if (count > 0) voice.say(t('desk.inbox.newcomers', { count }));
  }

  async showMore(): Promise<void> {
    const before = this.lines.length;
    this.#pages += 1;
    this.busy = true;
    const answered = await this.#fetch();
    if (!answered) return;
    this.busy = false;
    voice.say(t('desk.inbox.more_shown', { count: Math.max(0, this.lines.length - before) }));
  }

  /** All shown pages; false when a later question has overtaken this one. */
  async #fetch(): Promise<boolean> {
    this.#turn += 1;
    const turn = this.#turn;
    const query = { ...this.query };
    const pages: Upload[][] = [];
    let cursor: string | null = null;
    try {
      do {
        const page: InboxPage = await api.inbox(query, { limit: PAGE_LENGTH, cursor });
        pages.push(page.uploads);
        cursor = page.next_cursor;
      } while (cursor !== null && pages.length < this.#pages);
    } catch (failure) {
      if (turn !== this.#turn) return false;
      this.problem = sentenceOf(failure);
      return true;
    }
    if (turn !== this.#turn) return false;
    this.problem = '';
    this.more = cursor !== null;
    this.uploads = joined(pages);
    return true;
  }
}

/** Kept between visits of the page, so that going back finds the same question and the same place. */
export const inboxList = new InboxList();
export const lastOpened = { study: '' };
