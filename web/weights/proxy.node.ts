/**
 * Proxies in Node.js, which uses them only if asked to, and says nothing of it when a request fails.
 */
import { ResNet50Error } from '../base/errors.js';
import type { WeightsFolder } from './folder.js';
import type { FetchInput } from './http.js';

const VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];

/** A failed request as an error that speaks of the proxy, if the environment names one; other errors as they are. */
export function withProxyAdvice(error: unknown, instead = ''): unknown {
  const name = VARIABLES.find((key) => process.env[key]);
  const { code, message, subject, cause } = (error ?? {}) as ResNet50Error;
  if (name === undefined || code !== 'FETCH_FAILED') return error;
  return new ResNet50Error(code, `${message} (${adviceFor(name)}${instead})`, { subject, cause });
}

function adviceFor(name: string): string {
  const asked = process.env.NODE_USE_ENV_PROXY === '1' || process.execArgv.includes('--use-env-proxy');
  const able = process.allowedNodeEnvironmentFlags.has('--use-env-proxy');
  if (able && asked) return `through the proxy that ${name} names`;
  const version = able ? '' : `, and only from version 24 on (this is ${process.version})`;
  return `${name} is set, but Node.js uses it only with NODE_USE_ENV_PROXY=1${version}: set that`;
}

/** What fails to be fetched is advised on. */
export const advised =
  (fetchInput: FetchInput): FetchInput =>
  (request, signal) =>
    fetchInput(request, signal).catch((error) => {
      throw withProxyAdvice(error);
    });

/** The same for a folder of weights. */
export function advisedFolder(folder: WeightsFolder): WeightsFolder {
  const advise = (error: unknown) => {
    throw withProxyAdvice(error);
  };
  return {
    address: folder.address,
    manifest: (signal, onKnown) => folder.manifest(signal, onKnown).catch(advise),
    shard: (shard, signal, onBytes) => folder.shard(shard, signal, onBytes).catch(advise),
    kept: async () => folder.kept?.(),
  };
}
