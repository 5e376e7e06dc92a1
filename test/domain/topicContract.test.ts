import { describe, expect, it } from 'vitest';
import { describeDeviations, fixOf, judgeTopic, type TopicShape, wantedTopics } from '../../src/domain/topicContract.ts';

const [wanted] = wantedTopics(['alice-chain'], { replicationFactor: 3, minInsyncReplicas: 2 });
if (wanted === undefined) throw new Error('no topic');

const found = (settings: Readonly<Record<string, string>>, shape: Partial<TopicShape> = {}): TopicShape => ({
  ...wanted,
  ...shape,
  settings: { ...wanted.settings, ...settings },
});

const judged = (settings: Readonly<Record<string, string>>, shape: Partial<TopicShape> = {}) => {
  const { verdict, deviations } = judgeTopic(wanted, found(settings, shape));
  return [verdict, ...deviations.map(({ setting }) => setting)];
};

describe('the contract of a topic', () => {
  it('is one partition whose records are kept', () => {
    expect(wanted).toEqual({
      topic: 'alice-chain',
      partitions: 1,
      replicationFactor: 3,
      settings: {
        'cleanup.policy': 'delete',
        'retention.ms': '-1',
        'retention.bytes': '-1',
        'min.insync.replicas': '2',
        'max.message.bytes': '1048588',
        'unclean.leader.election.enable': 'false',
      },
    });
  });

  it('is kept by what is as wanted, or better', () => {
    expect(judged({})).toEqual(['right']);
    expect(judged({ 'max.message.bytes': '9000000', 'min.insync.replicas': '3' }, { replicationFactor: 4 })).toEqual(['right']);
    expect(judgeTopic(wanted, undefined).verdict).toBe('missing');
  });

  it.each([
    [{}, { partitions: 3 }, 'partitions'],
    [{}, { replicationFactor: 2 }, 'replication.factor'],
    [{ 'cleanup.policy': 'compact' }, {}, 'cleanup.policy'],
    [{ 'cleanup.policy': 'compact,delete' }, {}, 'cleanup.policy'],
    [{ 'min.insync.replicas': '1' }, {}, 'min.insync.replicas'],
    [{ 'min.insync.replicas': '4' }, {}, 'min.insync.replicas'],
    [{ 'max.message.bytes': '1000000' }, {}, 'max.message.bytes'],
    [{ 'unclean.leader.election.enable': 'true' }, {}, 'unclean.leader.election.enable'],
  ])('is broken by %j %j', (settings, shape, setting) => {
    expect(judged(settings, shape)).toEqual(['wrong', setting]);
  });

  it('warns of records that expire', () => {
    expect(judged({ 'retention.ms': '604800000' })).toEqual(['warning', 'retention.ms']);
    expect(judged({ 'retention.bytes': '1000', 'cleanup.policy': 'compact' })).toEqual(['wrong', 'cleanup.policy', 'retention.bytes']);
  });

  it('names the command that puts each deviation right', () => {
    const verdict = judgeTopic(wanted, found({ 'retention.ms': '1', 'min.insync.replicas': '4' }, { partitions: 2 }));
    expect(describeDeviations([verdict], ['k:1', 'k:2'])).toEqual([
      '  alice-chain: partitions is 2, wanted 1: order holds within one partition only',
      expect.stringContaining('kafka-topics --bootstrap-server k:1,k:2 --delete --topic alice-chain'),
      '  alice-chain: retention.ms is 1, wanted -1: records expire, and verify finds a gap',
      '    kafka-configs --bootstrap-server k:1,k:2 --alter --entity-type topics --entity-name alice-chain --add-config retention.ms=-1',
      '  alice-chain: min.insync.replicas is 4, wanted at most 3: nothing can be written with fewer replicas than that',
      expect.stringMatching(/--add-config min\.insync\.replicas=3$/),
    ]);
    const [replicas] = judgeTopic(wanted, found({}, { replicationFactor: 1 })).deviations;
    expect(replicas === undefined ? '' : fixOf(replicas, ['k:1'])).toContain('kafka-reassign-partitions');
  });
});
