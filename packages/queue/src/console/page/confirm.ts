import { byId, say } from './dom.ts';

/** Asks before something that cannot be taken back, or that others feel at once. The browser keeps the focus inside and gives it back. */
export function confirmed(title: string, text: string, yes: string): Promise<boolean> {
  const dialog = byId('confirm') as HTMLDialogElement;
  say(byId('confirm-title'), title);
  say(byId('confirm-text'), text);
  say(byId('confirm-yes'), yes);
  return new Promise((resolve) => {
    const done = new AbortController();
    const { signal } = done;
    byId('confirm-yes').addEventListener('click', () => dialog.close('yes'), { signal });
    byId('confirm-no').addEventListener('click', () => dialog.close('no'), { signal });
    // Escape closes it too, without a value.
    dialog.addEventListener(
      'close',
      () => {
        done.abort();
        resolve(dialog.returnValue === 'yes');
      },
      { signal },
    );
    dialog.returnValue = '';
    dialog.showModal();
    byId('confirm-no').focus();
  });
}
