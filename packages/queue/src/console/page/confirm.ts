import { byId, say } from './dom.ts';

let answer = (_yes: boolean): void => {};

/** Asks before something that cannot be taken back, or that others feel at once. The browser keeps the focus inside and gives it back. */
export function confirmed(title: string, text: string, yes: string): Promise<boolean> {
  const dialog = byId('confirm') as HTMLDialogElement;
  say(byId('confirm-title'), title);
  say(byId('confirm-text'), text);
  say(byId('confirm-yes'), yes);
  // Escape closes at once but tells so later: whoever asks again by then must neither wait for that nor take it for an answer.
  answer(false);
  return new Promise((resolve) => {
    const done = new AbortController();
    const { signal } = done;
    answer = (accepted) => {
      done.abort();
      if (dialog.open) dialog.close();
      resolve(accepted);
    };
    byId('confirm-yes').addEventListener('click', () => answer(true), { signal });
    byId('confirm-no').addEventListener('click', () => answer(false), { signal });
    dialog.addEventListener('close', () => (dialog.open ? undefined : answer(false)), { signal });
    dialog.showModal();
    byId('confirm-no').focus();
  });
}
