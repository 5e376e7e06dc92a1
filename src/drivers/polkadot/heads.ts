import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Hex } from '../../domain/hex.ts';
import { ChainError } from '../../domain/observation/chainError.ts';
import { coded } from '../../domain/runbook.ts';
import { hashOfHeader, headerJson, hexAnswer } from './header.ts';
import type { ChainLog, Link } from './link.ts';

const health = z.object({ isSyncing: z.boolean() });

/** A finalized head: where the finalized chain ends. */
export interface Head {
  readonly number: number;
  readonly hash: Hex;
}

/** Asks the node in use for its finalized head. */
export const finalizedHead = async (link: Link): Promise<Head> => {
  const hash = hexAnswer.parse(await link.ask('chain_getFinalizedHead', []));
  const answer = await link.ask('chain_getHeader', [hash]);
  if (answer === null)
    throw new ChainError('chain.retry', `the node at ${link.endpoint()} does not have its finalized head's header ${hash}`);
  const header = headerJson.parse(answer);
  if (hashOfHeader(header) === hash) return { number: Number(header.number), hash };
  throw new ChainError('chain.wrong-answer', `the node at ${link.endpoint()} was asked for header ${hash} and answered with another one`);
};

export interface HeadsOptions {
  readonly link: Link;
  readonly log: ChainLog;
  /** Milliseconds between two polls. */
  readonly pollInterval: number;
  /** Milliseconds without a higher head after which the node is left for the next one. */
  readonly silence: number;
  readonly onHead: (head: Head) => Promise<void>;
}

/** What was heard of finalized heads. */
export interface HeardHeads {
  /** The highest one; -1 before the first. */
  readonly highest: number;
  /** When it was first heard of, in milliseconds since 1970. */
  readonly risenAt: number;
  readonly syncing: boolean;
}

/** Heads that are watched. */
export interface HeadsWatch {
  readonly heard: () => HeardHeads;
  readonly stop: () => void;
}

/**
 * Tells finalized heads by subscription and by polling, for neither is trusted alone: heads come repeated, out of order and with gaps.
 * When none is higher than before for `silence`, the connection is given up for a new one.
 */
export const watchHeads = ({ link, log, pollInterval, silence, onHead }: HeadsOptions): HeadsWatch => {
  const stopping = new AbortController();
  const { signal } = stopping;
  let highest = -1;
  let risen = Date.now();
  /** Since the head last rose, or the connection was last given up. */
  let waitsSince = risen;
  let unsubscribe: (() => void) | undefined;
  let isSubscribing = false;
  let wasSyncing = false;
  let course = { endpoint: '', number: -1 };

  const report = (error: unknown): void => {
    if (!signal.aborted) log.warn({ ...coded('chain.retry'), err: error, endpoint: link.endpoint() }, 'chain poll failed');
  };

  const seen = (head: Head): void => {
    if (signal.aborted) return;
    if (head.number > highest) {
      highest = head.number;
      risen = Date.now();
      waitsSince = risen;
    }
    onHead(head).catch(report);
  };

  const notified = (error: Error | null, header: unknown): void => {
    const parsed = headerJson.safeParse(header);
    if (error === null && parsed.success) seen({ number: Number(parsed.data.number), hash: hashOfHeader(parsed.data) });
    else report(error ?? parsed.error);
  };

  const subscribe = async (): Promise<void> => {
    if (unsubscribe !== undefined || isSubscribing) return;
    isSubscribing = true;
    try {
      // The provider moves the subscription on to every later connection.
      const id = await link.provider.subscribe('chain_finalizedHead', 'chain_subscribeFinalizedHeads', [], notified);
      unsubscribe = () => {
        link.provider.unsubscribe('chain_finalizedHead', 'chain_unsubscribeFinalizedHeads', id).catch(report);
      };
      if (signal.aborted) unsubscribe();
    } finally {
      isSubscribing = false;
    }
  };

  /** A node that is catching up itself is left for another one; where there is none, what it has final is as good as any. */
  const checkHealth = async (): Promise<void> => {
    const { isSyncing } = health.parse(await link.ask('system_health', []));
    if (isSyncing && !wasSyncing) {
      log.warn({ ...coded('chain.syncing'), endpoint: link.endpoint() }, 'chain node is syncing');
      link.reconnect();
    }
    wasSyncing = isSyncing;
  };

  /** Finality never goes back: a node whose finalized head does was reset, or lies. */
  const checkCourse = (endpoint: string, number: number): void => {
    if (endpoint === course.endpoint && number < course.number) {
      log.warn({ ...coded('chain.went-back'), endpoint, head: number, before: course.number }, 'chain node went back in time');
      course = { endpoint: '', number: -1 };
      link.reconnect();
    } else course = { endpoint, number };
  };

  const poll = async (): Promise<void> => {
    const endpoint = link.endpoint();
    const head = await finalizedHead(link);
    checkCourse(endpoint, head.number);
    seen(head);
  };

  const pollOn = async (): Promise<void> => {
    while (!signal.aborted) {
      await link.ready();
      subscribe().catch(report);
      await poll().catch(report);
      await checkHealth().catch(report);
      await pause(pollInterval, undefined, { signal });
    }
  };
  pollOn().catch(report);

  const watchdog = setInterval(
    () => {
      if (Date.now() - waitsSince < silence) return;
      waitsSince = Date.now();
      const seconds = Math.round((waitsSince - risen) / 1000);
      log.warn({ ...coded('chain.silent'), endpoint: link.endpoint(), head: highest, seconds }, 'chain silent');
      link.reconnect();
    },
    Math.max(50, Math.min(silence / 4, 5_000)),
  );

  return {
    heard: () => ({ highest, risenAt: risen, syncing: wasSyncing }),
    stop: () => {
      stopping.abort();
      clearInterval(watchdog);
      unsubscribe?.();
    },
  };
};
