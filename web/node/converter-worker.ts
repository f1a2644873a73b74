/** Node's worker thread of a converter. */
import { ConverterHost } from '../host/converter/converter-host.js';
import { converterRealm } from './converter-realm.js';
import { serve } from './serve.js';

serve((post) => new ConverterHost(converterRealm, post));
