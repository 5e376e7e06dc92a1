import { el } from './dom.js';

/** Milliseconds between two looks at the faults: another page may have switched them. */
const EVERY = 2_000;

const board = document.getElementById('faults');
const said = document.getElementById('faults-said');

const say = (text) => {
  said.textContent = text;
};

/** Switches a fault; what is sent has to be JSON, as from no other site it can be. */
const set = async (fault, value) => {
  try {
    const answer = await fetch('/faults', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ fault, value }),
    });
    const told = await answer.json();
    if (!answer.ok) return say(told.error);
    say(`${fault} is ${value === 0 ? 'off' : 'on'}`);
    show(told.faults);
  } catch {
    say('The devnet does not answer.');
  }
};

const numberOf = (fault, unit, value) =>
  el('input', { type: 'number', id: `amount-${fault}`, min: 1, max: 999_999_999, value, 'aria-label': `${fault}: ${unit}` });

/** One fault with its switch. */
const rowOf = ({ fault, what, kind, unit, usual }) => {
  const input =
    kind === 'once'
      ? el('button', { type: 'button', id: `fault-${fault}` }, `Do: ${fault}`)
      : el('input', { type: 'checkbox', id: `fault-${fault}` });
  const amount = unit === undefined ? null : numberOf(fault, unit, usual);
  const wanted = () => (amount === null ? 1 : Math.max(1, Math.floor(Number(amount.value)) || usual));
  if (kind === 'once') input.addEventListener('click', () => set(fault, wanted()));
  else input.addEventListener('change', () => set(fault, input.checked ? wanted() : 0));
  if (kind === 'start') input.disabled = true;
  const name = kind === 'once' ? null : el('label', { for: `fault-${fault}` }, fault);
  const more = kind === 'start' ? ` (from the start only: --fault ${fault})` : '';
  return el(
    'li',
    {},
    input,
    name,
    amount === null ? null : [amount, el('span', { class: 'soft' }, unit)],
    el('span', { class: 'soft' }, `${what}${more}`),
  );
};

const show = (faults) => {
  if (board.children.length === 0) board.append(...faults.map(rowOf));
  for (const { fault, kind, value } of faults) if (kind !== 'once') document.getElementById(`fault-${fault}`).checked = value > 0;
  const on = faults.filter(({ value }) => value > 0).map(({ fault }) => fault);
  document.getElementById('faults-on').textContent = on.length === 0 ? 'none is on' : `on: ${on.join(', ')}`;
};

const follow = async () => {
  for (;;) {
    try {
      show((await (await fetch('/faults', { signal: AbortSignal.timeout(5_000) })).json()).faults);
    } catch {
      // The page above says that nothing answers.
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
};

follow();
