/** The language as a state of the page: what shows texts is drawn anew when it changes. */
import { changeLanguage, currentLanguage } from '../locales/language';
import { ApiError } from '../transfer/api';
import { session } from './session.svelte';

class Language {
  code = $state('en');

  /** Takes up the language that the page began with. */
  begin(): void {
    this.code = currentLanguage();
  }

  /** Stays with the old language, and says so, when the new one cannot be loaded. */
  async change(code: string): Promise<void> {
    try {
      await changeLanguage(code);
      session.errors = [];
      this.code = code;
    } catch {
      session.fail(new ApiError('network', 0));
    }
  }
}

export const language = new Language();
