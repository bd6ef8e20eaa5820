import type { ComponentChildren, VNode } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { exactly, money } from '../format.js';
import { html } from '../html.js';

/** Money to the cent, with the exact amount on hover and for screen readers' details. */
export function Money({ usd }: { usd: string }): VNode {
  return html`<span class="number" title=${exactly(usd)}>${money(usd)}</span>`;
}

/** A part of a page with its heading. */
export function Section({
  title,
  actions,
  children,
}: {
  title: string;
  actions?: ComponentChildren;
  children?: ComponentChildren;
}): VNode {
  const id = useId();
  return html`<section aria-labelledby=${id} class="panel">
    <div class="panel-head"><h2 id=${id}>${title}</h2>${actions}</div>
    ${children}
  </section>`;
}

export function Failure({ error }: { error: Error }): VNode {
  return html`<p role="alert" class="failure">${error.message}</p>`;
}

/** What to do where there is nothing to see. */
export function Empty({ children }: { children?: ComponentChildren }): VNode {
  return html`<p class="empty">${children}</p>`;
}

export interface Column<Row> {
  readonly name: string;
  readonly of: (row: Row) => ComponentChildren;
  readonly isNumber?: boolean;
}

/** A table with a caption for screen readers; it scrolls sideways on narrow screens. */
export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
}: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row, index: number) => string;
}): VNode {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
    <table>
      <caption class="hidden">${caption}</caption>
      <thead><tr>${columns.map(
        ({ name, isNumber }) => html`<th scope="col" class=${isNumber ? 'number' : ''}>${name}</th>`,
      )}</tr></thead>
      <tbody>${rows.map(
        (row, index) =>
          html`<tr key=${keyOf(row, index)}>${columns.map(({ of, isNumber }, place) =>
            place === 0
              ? html`<th scope="row">${of(row)}</th>`
              : html`<td class=${isNumber ? 'number' : ''}>${of(row)}</td>`,
          )}</tr>`,
      )}</tbody>
    </table>
  </div>`;
}

/** Steps through pages of a list. */
export function Pager({
  after,
  next,
  go,
}: {
  after: string | undefined;
  next: string | null | undefined;
  go: (after: string | undefined) => void;
}): VNode | null {
  if (after === undefined && !next) return null;
  return html`<nav class="pager" aria-label="Pages">
    <button type="button" disabled=${after === undefined} onClick=${() => go(undefined)}>First page</button>
    <button type="button" disabled=${!next} onClick=${() => go(next ?? undefined)}>Next page</button>
  </nav>`;
}

/** A search that is carried out a moment after the last letter. */
export function Search({
  label,
  value,
  search,
}: {
  label: string;
  value: string;
  search: (text: string) => void;
}): VNode {
  const [text, set] = useState(value);
  const id = useId();
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => search(text), 300);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<span class="field"><label for=${id}>${label}</label>
    <input id=${id} type="search" value=${text} onInput=${(event: Event) =>
      set((event.currentTarget as HTMLInputElement).value)} /></span>`;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly kind?: 'text' | 'number' | 'select' | 'checkbox';
  readonly options?: readonly string[];
  readonly value?: string;
  readonly isOptional?: boolean;
  readonly hint?: string;
}

/** A dialog with a form. It stays open with the reason where the change is refused. */
export function FormDialog({
  title,
  text,
  fields,
  submit,
  isDanger = false,
  action,
  close,
}: {
  title: string;
  text?: string;
  fields: readonly Field[];
  /** Resolves with what to say afterwards. */
  submit: (values: Record<string, string>) => Promise<ComponentChildren>;
  isDanger?: boolean;
  action: string;
  close: () => void;
}): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<Error>();
  const [said, say] = useState<ComponentChildren>();
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(undefined);
    try {
      const values = Object.fromEntries([...form].map(([name, value]) => [name, String(value)]));
      const answer = await submit(values);
      if (answer === undefined) dialog.current?.close();
      else say(answer);
    } catch (reason) {
      setError(reason instanceof Error ? reason : new Error(String(reason)));
    }
    setBusy(false);
  };
  return html`<dialog ref=${dialog} aria-labelledby=${id} onClose=${close}>
    <h2 id=${id}>${title}</h2>
    ${text && said === undefined ? html`<p>${text}</p>` : null}
    ${
      said === undefined
        ? html`<form onSubmit=${send}>
          ${fields.map((field) => html`<${FormField} key=${field.name} ...${field} />`)}
          ${error ? html`<${Failure} error=${error} />` : null}
          <div class="buttons">
            <button type="button" onClick=${() => dialog.current?.close()}>Cancel</button>
            <button type="submit" class=${isDanger ? 'danger' : 'primary'} disabled=${isBusy}>${action}</button>
          </div>
        </form>`
        : html`<div role="status">${said}</div>
          <div class="buttons"><button type="button" class="primary" onClick=${() => dialog.current?.close()}>Close</button></div>`
    }
  </dialog>`;
}

function FormField({ name, label, kind = 'text', options = [], value = '', isOptional, hint }: Field): VNode {
  const id = useId();
  const described = hint ? `${id}-hint` : undefined;
  const input =
    kind === 'select'
      ? html`<select id=${id} name=${name} aria-describedby=${described}>${options.map(
          (one) => html`<option value=${one} selected=${one === value}>${one}</option>`,
        )}</select>`
      : kind === 'checkbox'
        ? html`<input id=${id} name=${name} type="checkbox" value="true" />`
        : html`<input id=${id} name=${name} type=${kind} step="any" value=${value} required=${!isOptional}
            autocomplete="off" aria-describedby=${described} />`;
  return html`<div class=${kind === 'checkbox' ? 'check' : 'stacked'}>
    <label for=${id}>${label}${isOptional && kind !== 'checkbox' ? ' (optional)' : ''}</label>${input}
    ${hint ? html`<small id=${described}>${hint}</small>` : null}
  </div>`;
}

type MakeDialog = (close: () => void) => VNode;
let show: (make: MakeDialog) => void = () => undefined;

/** The one place for dialogs, above all pages: what a change has led to stays in view when the row with its button is gone. */
export function DialogHost(): VNode | null {
  const [open, set] = useState<{ readonly make: MakeDialog }>();
  show = (make) => set({ make });
  return open ? open.make(() => set(undefined)) : null;
}

/** Opens a dialog by a button. */
export function DialogButton({
  label,
  dialog,
  isDanger = false,
  about,
}: {
  label: string;
  dialog: MakeDialog;
  isDanger?: boolean;
  /** Whom or what it is for, for screen readers: a table has many buttons of one name. */
  about?: string;
}): VNode {
  return html`<button type="button" class=${isDanger ? 'danger' : ''} aria-label=${about ? `${label} ${about}` : undefined}
      onClick=${() => show(dialog)}>${label}</button>`;
}
