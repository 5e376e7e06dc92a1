import { badge, duration, el, facts, hex, replace, table } from './dom.js';

/** Milliseconds between two questions, and within which an answer has to come. */
const EVERY = 2_000;
const DEADLINE = 5_000;

/** Decimals and symbol of each coin. */
const UNITS = { Bitcoin: [8, 'BTC'], Ether: [8, 'ETH'], Dai: [8, 'DAI'], Monero: [12, 'XMR'] };

const at = (id) => document.getElementById(id);

const nothing = (text) => el('p', { class: 'soft' }, text);

/** An amount in the coin's smallest unit, as people write it. */
const money = (coin, amount) => {
  const [decimals, symbol] = UNITS[coin] ?? [0, coin];
  const whole = BigInt(amount);
  const digits = (whole < 0n ? -whole : whole).toString().padStart(decimals + 1, '0');
  const cut = digits.length - decimals;
  return `${whole < 0n ? '−' : ''}${digits.slice(0, cut)}${decimals > 0 ? `.${digits.slice(cut)}` : ''} ${symbol}`;
};

/** Our own validator, as the status names it. */
let self;

/** A validator by its key; ourselves by name. */
const who = (validator) => (validator === self ? el('span', {}, 'us, ', hex(validator)) : hex(validator));

const clock = (iso) => el('time', { datetime: iso }, new Date(iso).toLocaleTimeString());

const showHead = ({ name, version, validator, ready, findings, chain, signing, time }) => {
  replace(at('name'), name);
  document.title = `${ready ? '' : '(!) '}${name} – Serai coordinator`;
  const verdict = at('verdict');
  const inTheWay = findings.filter((finding) => finding.verdict === 'fail').length;
  const said = ready
    ? 'Well: every stage with work makes progress'
    : `Not well: ${inTheWay} ${inTheWay === 1 ? 'thing is' : 'things are'} in the way`;
  // Said to those who cannot see it only when it changes.
  if (verdict.textContent !== said) verdict.textContent = said;
  verdict.className = `badge ${ready ? 'good' : 'bad'}`;
  const head = signing?.head ?? chain?.finalized ?? null;
  const lag = signing?.head ? Math.max(0, Date.parse(time) - Date.parse(signing.head.time)) : null;
  replace(
    at('facts'),
    facts([
      ['Validator', validator === null ? null : hex(validator)],
      ['Serai block', head === null ? 'none yet' : `${head.number}${lag === null ? '' : `, ${duration(lag)} old`}`],
      ['Version', version],
      ['Answered', clock(time)],
    ]),
  );
};

/** The module that a stage is of, where its name says so. */
const moduleOf = (stage) => /^\/[^/]+\/(\w+) /.exec(stage)?.[1];

/** A stage's name without what is the same for all of them. */
const stageName = (stage) => stage.replace(/^\/[^/]+\//, '').replace(/0x([0-9a-f]{8})[0-9a-f]{52}([0-9a-f]{4})/, '0x$1…$2');

const showStuck = ({ stuck, findings, time }) => {
  // Stages stand in a table of their own, with what waits in them.
  const others = findings.filter((finding) => finding.code !== 'stage.stuck');
  at('s-stuck').hidden = stuck.length === 0 && others.length === 0;
  const rows = stuck.map(({ stage, since, waiting, why }) => [
    stageName(stage),
    String(waiting),
    duration(Date.parse(time) - Date.parse(since)),
    why,
  ]);
  const found = others.map(({ check, subject, verdict, found: how, fix = '' }) => [`${check}, ${subject}`, verdict, how, fix]);
  replace(
    at('stuck'),
    ...(rows.length === 0
      ? []
      : [table('Stages with work in them that nothing has left for ten seconds', ['Stage', 'Waiting', 'For', 'Why'], rows)]),
    ...(found.length === 0 ? [] : [table('What the checks of doctor find', ['Check', 'Verdict', 'Found', 'What to do'], found)]),
  );
};

const showStops = ({ signing }) => {
  const { stops = [], quarantine = null } = signing ?? {};
  at('s-stops').hidden = stops.length === 0 && quarantine === null;
  replace(
    at('stops'),
    quarantine && el('p', {}, badge('quarantine', 'bad'), quarantine.reasons.join('; ')),
    stops.length > 0 &&
      table(
        'Nothing new is begun for these',
        ['What', 'Cause', 'Reason'],
        stops.map(({ scope, code, reason }) => [scope, code, reason]),
      ),
  );
};

const STATES = { held: '', out: '', convening: '', preprocesses: '', shares: '', completing: 'good' };

const showAttempt = (attempt) => {
  const { network, session, kind, id, window, round, rule, state, why, waitsFor, n, t, party, members, convener, preprocesses, shares } =
    attempt;
  const key = `attempt-${network}-${session}-${kind}-${id}`;
  return el(
    'article',
    {},
    el('h3', {}, `${kind} `, hex(id), ` of ${network}, session ${session}`),
    el('p', {}, badge(state, STATES[state]), why),
    el(
      'dl',
      { class: 'facts' },
      facts([
        ['Attempt', `${attempt.attempt}: ${rule} window ${window}, round ${round}`],
        ['Party', party === null ? `${t} of ${n}, not known yet` : `${party.join(', ')} (${t} of ${n})`],
        ['Seed', attempt.seed === null ? 'not finalized' : `block ${attempt.seed.number}`],
        ['Convener', convener === null ? null : who(convener)],
        ['Preprocesses', String(preprocesses)],
        ['Shares', String(shares)],
        ['Waits for', waitsFor.length === 0 ? null : waitsFor.flatMap((validator, place) => [place > 0 ? '; ' : '', who(validator)])],
      ]),
    ),
    el(
      'details',
      { id: key },
      el('summary', { id: `${key}-why` }, 'Who is in the party, and why'),
      table(
        'Every validator of the set',
        ['Validator', 'In', 'Shares', 'Drawn at', 'Why'],
        members.map((member) => [
          who(member.validator),
          member.signs.length > 0 ? badge('in', 'good') : badge('out'),
          member.shares.join(', '),
          member.drawn.join(', '),
          member.why,
        ]),
      ),
    ),
  );
};

const showAttempts = ({ signing }) => {
  if (signing === null) return replace(at('attempts'), nothing('The crypto module has not told yet, or does not run in this process.'));
  const { attempts, open } = signing;
  if (open === 0) return replace(at('attempts'), nothing('Nothing waits to be signed.'));
  replace(
    at('attempts'),
    el('p', {}, `${open} to be signed${open > attempts.length ? `; the oldest ${attempts.length} are shown` : ''}`),
    attempts.map(showAttempt),
  );
};

const setState = (set) => {
  const { keyGen } = set;
  if (keyGen === null) return badge(set.state, set.state === 'active' ? 'good' : '');
  const done = keyGen.submitted
    ? 'keys sent to the chain'
    : keyGen.generated
      ? `keys generated, signing round ${keyGen.musigRound}`
      : `${keyGen.commitments} commitments, ${keyGen.shares} shares`;
  return [badge('keygen'), `attempt ${keyGen.attempt}: ${done}`];
};

const showSets = ({ signing }) => {
  if (signing === null) return replace(at('sets'), nothing('The crypto module has not told yet, or does not run in this process.'));
  const { sets, networks } = signing;
  const rows = sets.map((set) => [
    `${set.network}/${set.session}`,
    setState(set),
    set.key === null ? 'none yet' : hex(set.key),
    `${set.t} of ${set.n}`,
    set.ours.join(', ') || 'none',
  ]);
  const vaults = networks.map(({ network, session, nextBatch, stopped }) =>
    el(
      'div',
      {},
      el('dt', {}, network),
      el(
        'dd',
        {},
        `${session === null ? 'no vault yet' : `session ${session} holds the vault`}, next batch ${nextBatch}${stopped ? ', stopped' : ''}`,
      ),
    ),
  );
  replace(
    at('sets'),
    el('dl', { class: 'facts' }, vaults),
    rows.length === 0
      ? nothing('We are in no set.')
      : table('Sets we are a member of', ['Set', 'State', 'Key', 'Shares that sign', 'Ours'], rows),
  );
};

const errorOf = (error, now) =>
  error === null ? 'none' : `${error.code}${error.text ? `: ${error.text}` : ''}, ${duration(now - error.at)} ago`;

const showPeers = ({ peers, time }) => {
  if (peers === null) return replace(at('peers'), nothing('The connection module has not told yet, or does not run in this process.'));
  const now = Date.parse(time);
  const connected = peers.peers.filter(({ state }) => state === 'connected').length;
  const rows = peers.peers.map((peer) => [
    hex(peer.validator),
    [
      badge(peer.state, peer.state === 'connected' ? 'good' : peer.state === 'disconnected' ? 'bad' : ''),
      `for ${duration(now - peer.since)}`,
    ],
    `${duration(peer.roundTrip)}, ${peer.queue} waiting`,
    errorOf(peer.lastError, now),
    peer.theirs === null
      ? 'it never said'
      : `for ${duration(peer.theirs.at - peer.theirs.since)}, said ${duration(now - peer.theirs.at)} ago`,
    peer.theirs === null ? '–' : `${duration(peer.theirs.roundTrip)}, ${peer.theirs.queue} waiting`,
    peer.theirs === null ? '–' : errorOf(peer.theirs.lastError, peer.theirs.at),
    peer.version === null ? '–' : `${peer.version}${peer.protocol === null ? '' : ` (${peer.protocol})`}`,
  ]);
  const columns = [
    'Validator',
    'We see it',
    'There and back',
    'Last error',
    'It sees us',
    'Its there and back',
    'Its last error',
    'Version',
  ];
  replace(
    at('peers'),
    peers.stopped !== null && el('p', {}, badge('no links', 'bad'), peers.stopped),
    el('p', {}, `${connected} of ${peers.peers.length} connected`),
    rows.length > 0 && table('How we see each of them, and how it says it sees us', columns, rows),
  );
};

const VERDICTS = { solvent: 'good', doubtful: '', halted: 'bad' };

const showSolvency = ({ solvency }) => {
  if (solvency === null) return replace(at('solvency'), nothing('The integrity module has not told yet, or does not run in this process.'));
  const rows = solvency.map(({ coin, state, sum, waitsFor, breaches }) => {
    const of = (amount) => (sum === null ? '–' : money(coin, amount));
    const verdict =
      state === null ? badge('no verdict yet') : badge(breaches > 0 ? `${state}, ${breaches} in a row` : state, VERDICTS[state]);
    return [
      coin,
      [verdict, waitsFor === null ? null : ` waits for ${waitsFor}`],
      ...['booked', 'pendingIn', 'failed', 'pendingOut', 'fees', 'required', 'vault', 'difference'].map((account) => of(sum?.[account])),
    ];
  });
  const columns = ['Coin', 'Verdict', 'Booked', 'Pending in', 'Failed', 'Pending out', 'Fees', 'Required', 'Vault', 'Difference'];
  replace(
    at('solvency'),
    table('Required = booked + pending in + failed + pending out − fees; difference = vault − required', columns, rows),
  );
};

const showPipeline = ({ stages, stuck, time }) => {
  const still = new Set(stuck.map(({ stage }) => stage));
  const now = Date.parse(time);
  // Modules that tell are always at work; they are shown when they fall silent.
  const shown = stages.filter(({ name, metric }) => (!name.endsWith(' runs') && metric === undefined) || still.has(name));
  const urgency = ({ name, waiting }) => (still.has(name) ? 2 : waiting > 0 ? 1 : 0);
  shown.sort((one, other) => urgency(other) - urgency(one));
  const rows = shown.map(({ name, waiting, movedAt, reason, optional }) => [
    stageName(name),
    still.has(name) ? badge('stands still', 'bad') : waiting === 0 ? 'idle' : badge(optional ? 'waits' : 'moves', optional ? '' : 'good'),
    String(waiting),
    waiting === 0 ? '–' : duration(Math.max(0, now - movedAt)),
    reason ?? '–',
  ]);
  const flying = new Map();
  for (const { name, waiting } of shown) flying.set(moduleOf(name) ?? 'other', (flying.get(moduleOf(name) ?? 'other') ?? 0) + waiting);
  replace(
    at('pipeline'),
    el('dl', { class: 'facts' }, facts([...flying].map(([module, waiting]) => [module, `${waiting} in flight`]))),
    rows.length === 0
      ? nothing('No stage has told yet.')
      : table('Where work passes through', ['Stage', 'State', 'In flight', 'Lag', 'In the way'], rows),
  );
};

const showLetters = ({ deadLetters }) => {
  if (deadLetters === null)
    return replace(at('letters'), nothing('The integrity module has not told yet, or does not run in this process.'));
  const { open, newest } = deadLetters;
  if (open === 0) return replace(at('letters'), nothing('None is open.'));
  const rows = newest.map((letter) => [
    `letter ${letter.at}`,
    letter.fate,
    letter.code,
    letter.offset === null ? letter.topic : `${letter.topic} at ${letter.offset}`,
    letter.by,
  ]);
  replace(
    at('letters'),
    el('p', {}, badge(`${open} open`, 'bad'), '“coordinator dlq show” tells why, “dlq replay” and “dlq drop” close them'),
    table(`The newest ${newest.length}`, ['Letter', 'Fate', 'Code', 'Record', 'Refused by'], rows),
  );
};

const showBackups = ({ backups }) => {
  if (backups === null || backups.length === 0) return replace(at('backups'), nothing('No backups are taken here.'));
  const rows = backups.map(({ module, made, verified, age, failing }) => [
    module,
    failing === null ? badge('whole', 'good') : [badge('missing', 'bad'), failing],
    made === null ? 'never' : `${duration(age * 1_000)} ago`,
    verified === null ? 'never' : new Date(verified).toLocaleString(),
  ]);
  replace(at('backups'), table('The latest backup of each store', ['Store', 'State', 'Made', 'Found whole'], rows));
};

const PARTS = [showHead, showStuck, showStops, showAttempts, showSets, showPeers, showSolvency, showPipeline, showLetters, showBackups];

let heard;

const silent = (why) => {
  document.body.classList.add('silent');
  document.title = '(!) no answer – Serai coordinator';
  const silence = at('silence');
  silence.hidden = false;
  const since =
    heard === undefined ? 'It has not answered yet' : `No answer since ${heard.toLocaleTimeString()}; below is how it stood then`;
  const said = `${since}. ${why}`;
  if (silence.textContent !== said) silence.textContent = said;
};

/** What the process says of itself; undefined where it says nothing. */
const ask = async () => {
  try {
    const answer = await fetch('status', { signal: AbortSignal.timeout(DEADLINE), cache: 'no-store' });
    if (answer.ok) return await answer.json();
    silent(`The process answered ${answer.status}.`);
  } catch (error) {
    silent(
      error.name === 'TimeoutError' ? 'The process is there, but does not answer in time.' : 'The process does not answer: is it running?',
    );
  }
  return undefined;
};

const show = (status) => {
  self = status.validator;
  for (const part of PARTS) part(status);
  heard = new Date();
  document.body.classList.remove('silent');
  at('silence').hidden = true;
};

/** Resolves when it is time to ask again, or when somebody looks again. */
const pause = () =>
  new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      over.abort();
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(end, EVERY);
    document.addEventListener('visibilitychange', end, { signal: over.signal });
  });

/** Asks again and again, one question at a time; a page nobody looks at is not kept up to date. */
const follow = async () => {
  for (;;) {
    if (!document.hidden) {
      const status = await ask();
      try {
        if (status !== undefined) show(status);
      } catch (error) {
        silent(`This page cannot show what was answered (${error.message}): load it again, its program may have been replaced.`);
      }
    }
    await pause();
  }
};

follow();
