// Building blocks of the page. Whatever is shown goes in as text: names and errors come from other validators, and may be hostile.

const isShown = (child) => child !== null && child !== undefined && child !== false;

/** An element with attributes and children; strings become text, `null` and `false` nothing. */
export const el = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== false) element.setAttribute(key, String(value));
  element.append(...children.flat().filter(isShown));
  return element;
};

/** A word that says how something stands; its colour only repeats what it says. */
export const badge = (text, kind) => el('span', { class: `badge ${kind ?? ''}` }, text);

/** Long hex as people compare it: its ends; the whole of it is there to be copied. */
export const hex = (text) =>
  text.length > 20 ? el('code', { title: text }, `${text.slice(0, 10)}…${text.slice(-4)}`) : el('code', {}, text);

/**
 * A table with a caption and headings in every direction. Cells of a row are strings or elements; the first one is its heading. The roles are
 * said once more, because on a phone rows are laid out as blocks, which would take them away.
 */
export const table = (caption, columns, rows) =>
  el(
    'table',
    { role: 'table' },
    el('caption', {}, caption),
    el(
      'thead',
      { role: 'rowgroup' },
      el(
        'tr',
        { role: 'row' },
        columns.map((column) => el('th', { scope: 'col', role: 'columnheader' }, column)),
      ),
    ),
    el(
      'tbody',
      { role: 'rowgroup' },
      rows.map(([first, ...cells]) =>
        el(
          'tr',
          { role: 'row' },
          el('th', { scope: 'row', role: 'rowheader' }, first),
          cells.map((cell, at) => el('td', { role: 'cell', 'data-label': columns[at + 1] }, el('span', {}, cell))),
        ),
      ),
    ),
  );

/** A list of names with what they stand for. */
export const facts = (pairs) =>
  pairs
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)));

/** Puts new content where old content was, if it differs; what was opened or had the focus keeps it. */
export const replace = (holder, ...children) => {
  const fresh = holder.cloneNode(false);
  fresh.append(...children.flat().filter(isShown));
  const opened = [...holder.querySelectorAll('details[open]')].map(({ id }) => id);
  for (const id of opened) fresh.querySelector(`#${CSS.escape(id)}`)?.setAttribute('open', '');
  if (holder.isEqualNode(fresh)) return;
  const focused = holder.contains(document.activeElement) ? document.activeElement.id : '';
  holder.replaceChildren(...fresh.childNodes);
  if (focused !== '') document.getElementById(focused)?.focus();
};

/** How long something takes or took. */
export const duration = (milliseconds) => {
  if (milliseconds === null) return '–';
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
};
