/** Keeps computer and page awake while something is being sent, and asks before the page is left. */

/** Begins; the function that is returned ends it. */
export function guardPage(): () => void {
  let lock: WakeLockSentinel | null = null;
  let ended = false;
  const hold = async () => {
    if (ended || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    try {
      lock = await navigator.wakeLock.request('screen');
      if (ended) void lock.release();
    } catch {
      // Refused, for instance because the battery is low: the upload goes on all the same.
      lock = null;
    }
  };
  // The lock is lost whenever the page is hidden.
  document.addEventListener('visibilitychange', hold);
  const stay = warnBeforeLeaving();
  void hold();
  return () => {
    ended = true;
    document.removeEventListener('visibilitychange', hold);
    stay();
    void lock?.release();
  };
}

/** Has the browser ask before the page is left, in its own words; the function that is returned ends it. */
export function warnBeforeLeaving(): () => void {
  const warn = (event: BeforeUnloadEvent) => event.preventDefault();
  addEventListener('beforeunload', warn);
  return () => removeEventListener('beforeunload', warn);
}
