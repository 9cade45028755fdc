/** The sentence for whatever went wrong, in words for the desk. */
import { errorText, t } from '../locales';
import { ApiProblem } from './api';

export function sentenceOf(problem: unknown): string {
  if (!(problem instanceof ApiProblem)) return t('desk.problem.page');
  if (problem.code === 'rate.limited') return tooManyAttempts(problem);
  if (problem.code === 'not_found') return t('desk.problem.not_found');
  if (problem.code === 'internal') return t('desk.problem.internal');
  if (problem.status === 0) return t('desk.problem.network');
  if (problem.code.startsWith('http.')) return t('desk.problem.http', { status: String(problem.status) });
  return codeText(problem.code, problem.params);
}

/** Like `errorText`, for codes in lists: a sentence that lacks a parameter must not take the page down. */
export function codeText(
  code: string,
  params: Record<string, string | number> = {},
  unknown: 'desk.problem.unknown' | 'desk.refused_unknown' | 'desk.attempt.unknown' = 'desk.problem.unknown',
): string {
  try {
    const text = errorText(code, params);
    // The general sentence is meant for senders; the desk has an administrator to turn to.
    return text === errorText('unknown', { code }) ? t(unknown, { code }) : text;
  } catch {
    return t(unknown, { code });
  }
}

function tooManyAttempts(problem: ApiProblem): string {
  const seconds = Number(problem.params.retry_after_seconds);
  if (!(seconds > 0)) return t('desk.problem.too_many');
  if (seconds <= 90) return t('desk.problem.too_many_seconds', { count: Math.ceil(seconds) });
  return t('desk.problem.too_many_minutes', { count: Math.ceil(seconds / 60) });
}
