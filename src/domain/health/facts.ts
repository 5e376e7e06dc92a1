import type { Hex } from '../hex.ts';
import type { PeerReport } from '../peers/peerReport.ts';
import type { TopicVerdict } from '../topicContract.ts';
import type { Stage } from './readiness.ts';

/** What went wrong when something was asked: a code of the runbook, and words. */
export interface Failure {
  readonly code: string;
  readonly text: string;
}

/** How a Serai node stands. What was not asked is not there. */
export interface NodeFacts {
  readonly endpoint: string;
  /** Why it does not answer. */
  readonly failure?: Failure;
  readonly syncing?: boolean;
  /** Its best and its finalized block; times are milliseconds since 1970, by the chain, `undefined` for genesis. */
  readonly best?: { readonly number: number; readonly time: number | undefined };
  readonly finalized?: { readonly number: number; readonly time: number | undefined };
  readonly genesisHash?: Hex;
  /** The chain it has to be on: as configured, or as recorded. */
  readonly expectedGenesis?: Hex;
  /** `Development`, `Local`, `Live` or another one. */
  readonly chainType?: string;
  /** The runtime at its finalized head; a failure where its block cannot be read with it. */
  readonly runtime?: string | Failure;
  /** The lowest height whose state it keeps. */
  readonly stateFrom?: number;
  /** The height that is to be read next. */
  readonly next?: number;
  /** Blocks that pass between two backups: one that is restored goes on that far back. */
  readonly backupBlocks?: number;
}

/** How Kafka stands. */
export interface KafkaFacts {
  readonly brokers: readonly string[];
  readonly failure?: Failure;
  /** Brokers of the cluster that are there. */
  readonly alive?: number;
  /** The highest version of `UpdateFeatures` that the broker speaks: 1 from Kafka 3.3 on (KIP-778); `undefined` where it has none. */
  readonly updateFeatures?: number | undefined;
  readonly topics?: readonly TopicVerdict[];
  readonly replicas?: readonly TopicReplicas[];
  /** Whether an empty transaction was committed. */
  readonly transaction?: 'committed' | Failure;
}

/** Where a topic's records stand. */
export interface TopicReplicas {
  readonly topic: string;
  readonly replicas: number;
  readonly inSync: number;
  /** `min.insync.replicas` of the topic. */
  readonly least: number;
}

/** How the link to another validator stands. */
export interface LinkFacts extends Pick<PeerReport, 'validator' | 'state' | 'address' | 'certificateUntil'> {
  readonly lastError: Failure | null;
}

/** What a peer said of itself when it was dialled without our identity, while no coordinator runs. */
export interface DialledPeer {
  readonly validator: Hex;
  readonly address: string;
  /** The height until which its certificate is valid; a failure where there is no link, or the certificate does not hold. */
  readonly certificate: number | Failure;
}

/** A folder that is written to. */
export interface DiskFacts {
  /** As in `general.data_dir`. */
  readonly key: string;
  readonly dir: string;
  /** Why nothing can be written there. */
  readonly failure?: Failure;
  /** Whether others can look into it. */
  readonly open?: boolean;
  /** Bytes free for us, and in all. */
  readonly free?: number;
  readonly size?: number;
  /** Bytes that have to stay free. */
  readonly reserve: number;
  /** Milliseconds until a short write is durable: the middle one of several. */
  readonly syncTime?: number;
}

/** A key's place. */
export interface KeyFacts {
  /** As in `keys.master_key_file`. */
  readonly key: string;
  readonly place: string;
  readonly failure?: Failure;
  /** Whether it lies on the disk of `general.data_dir`. */
  readonly besideData?: boolean;
}

/** A port that a coordinator listens on. */
export interface PortFacts {
  /** As in `connection.listen`. */
  readonly key: string;
  readonly address: string;
  /** `free`; `ours`: the coordinator that runs has it; `taken`: another program has. */
  readonly use: 'free' | 'ours' | 'taken';
  /** Why it cannot be listened on, where it is not that it is taken. */
  readonly failure?: Failure;
}

/** How backups of a module's store stand. */
export interface BackupFacts {
  readonly module: string;
  /** When the latest one was taken; `null`: there is none. */
  readonly made: string | null;
  /** Seconds since. */
  readonly age: number | null;
  /** Seconds between two of them. */
  readonly interval: number;
  /** Why the last try failed. */
  readonly failing: string | null;
}

/** What is known of a deployment. What was not looked at, or not told, is not there; it is not judged. Times are milliseconds since 1970. */
export interface Facts {
  readonly now: number;
  readonly stages?: readonly Stage[];
  readonly nodes?: readonly NodeFacts[];
  readonly kafka?: KafkaFacts;
  /** Links of the coordinator that runs, and the height their certificates are held against. */
  readonly peers?: readonly LinkFacts[];
  readonly dialled?: readonly DialledPeer[];
  readonly height?: number;
  readonly disks?: readonly DiskFacts[];
  readonly keys?: readonly KeyFacts[];
  readonly devAccount?: string;
  readonly backups?: readonly BackupFacts[];
  readonly ports?: readonly PortFacts[];
}
