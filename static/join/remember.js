// @ts-check
/** On a session's page: this browser keeps its token. The address is …/join/<study>/<token>. */
import { hold } from './held.js';

const [token, study] = location.pathname.split('/').filter(Boolean).reverse();
hold(decodeURIComponent(study), decodeURIComponent(token));
