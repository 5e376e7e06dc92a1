import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Certificates made for one broker, as files and where a client needs them as text. */
export interface Certificates {
  /** Key and certificate of the broker, one PEM file. */
  readonly brokerFile: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly ca: string;
  /** An authority that issued nothing of this. */
  readonly otherCa: string;
  readonly certificate: string;
  readonly key: string;
}

const openssl = (...args: readonly string[]): void => {
  execFileSync('openssl', args, { stdio: 'pipe' });
};

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** Makes an authority, a broker's certificate for this machine, a client's, and a second authority. */
export const makeCertificates = (dir: string): Certificates => {
  const at = (name: string): string => join(dir, name);
  const authority = (name: string): void => {
    openssl('req', '-x509', ...CURVE, '-days', '2', '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`));
  };
  const issue = (name: string, extension: string): void => {
    writeFileSync(at(`${name}.ext`), extension);
    openssl('req', ...CURVE, '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`));
    const by = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'];
    openssl('x509', '-req', '-in', at(`${name}.csr`), ...by, '-days', '2', '-extfile', at(`${name}.ext`), '-out', at(`${name}.pem`));
  };
  authority('ca');
  authority('other');
  issue('broker', 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  issue('client', 'extendedKeyUsage=clientAuth');
  const text = (name: string): string => readFileSync(at(name), 'utf8');
  writeFileSync(at('broker.both'), text('broker.key') + text('broker.pem'));
  return {
    brokerFile: at('broker.both'),
    caFile: at('ca.pem'),
    certFile: at('client.pem'),
    keyFile: at('client.key'),
    ca: text('ca.pem'),
    otherCa: text('other.pem'),
    certificate: text('client.pem'),
    key: text('client.key'),
  };
};
