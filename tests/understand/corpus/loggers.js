// Prints the same few records with one logger of npm, as an application would.
//
//   node loggers.js VARIANT LABELS
//
// The records go to stdout; what is known of them goes to the file LABELS, an object a line.
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');

const [variant, labelsPath] = process.argv.slice(2);
const labels = fs.createWriteStream(labelsPath);

function hex(index, size, salt = '') {
  return crypto.createHash('sha256').update(`${variant}/${salt}/${index}`).digest('hex').slice(0, size);
}
function uuid(index, salt = '') {
  const h = hex(index, 32, salt);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
}
const idOf = (i) => [uuid(i), hex(i, 32), uuid(i), `req-${hex(i, 12)}`][i % 4];
const levels = ['info', 'warn', 'error', 'debug'];
const messages = [
  (i) => `order ${uuid(i, 'order')} loaded in ${i + 3} ms`,
  (i) => `user ${uuid(i, 'user')} logged in from 203.0.113.${i}`,
  (i) => `deploying commit ${hex(i, 40, 'commit')} image sha256:${hex(i, 64, 'image')}`,
  (i) => `cache miss for key user:${uuid(i, 'key')}, retrying (attempt 1/3)`,
];

function label(token, known) {
  labels.write(JSON.stringify({ token, ...known }) + '\n');
}

/// Calls log(level, message, id, error) for each record; id is null for every fifth.
function records(context, log, { hasLevel = true, hasMessage = true, hasTime = true } = {}) {
  for (let i = 0; i < 20; ++i) {
    const token = `step-${String(i).padStart(3, '0')}`;
    const level = levels[i % 4];
    const id = i % 5 === 4 ? null : idOf(i);
    const message = `${token} ${messages[i % 4](i)}`;
    const error = level === 'error' ? new TypeError('card declined') : null;
    label(token, { level: hasLevel ? level : null, id, context: id && context,
                   message: hasMessage && !error ? message : null, hasTime });
    log(level, message, id, error);
  }
}

const variants = {
  pino() {
    const root = require('pino')({ level: 'debug' });
    records('keyed', (level, message, id, err) => {
      const log = id ? root.child({ request_id: id }) : root;
      err ? log[level]({ err }, message) : log[level](message);
    });
  },
  'winston-json'() {
    const winston = require('winston');
    const { combine, timestamp, json, errors } = winston.format;
    const format = combine(errors({ stack: true }), timestamp(), json());
    const root = winston.createLogger({ level: 'debug', format, transports: [new winston.transports.Console()] });
    records('keyed', (level, message, id, error) =>
      root.log({ level, message, ...(id && { traceId: id }), ...(error && { stack: error.stack }) }));
  },
  'winston-printf'() {
    const winston = require('winston');
    const { combine, timestamp, printf } = winston.format;
    const line = printf((e) => {
      const id = e.id ? ` [${e.id}]` : '';
      return `${e.timestamp} [${e.level.toUpperCase()}]${id} ${e.message}${e.stack ? '\n' + e.stack : ''}`;
    });
    const format = combine(timestamp({ format: 'YYYY-MM-DD HH:mm:ss.SSS' }), line);
    const root = winston.createLogger({ level: 'debug', format, transports: [new winston.transports.Console()] });
    records('bracketed', (level, message, id, error) =>
      root.log({ level, message, id, ...(error && { stack: error.stack }) }));
  },
  bunyan() {
    const root = require('bunyan').createLogger({ name: 'shop', level: 'debug' });
    records('keyed', (level, message, id, err) =>
      root[level]({ ...(id && { req_id: id }), ...(err && { err }) }, message));
  },
  log4js() {
    const log4js = require('log4js');
    const layout = { type: 'pattern', pattern: '[%d] [%p] %c - %X{id}%m' };
    log4js.configure({ appenders: { out: { type: 'stdout', layout } },
                       categories: { default: { appenders: ['out'], level: 'debug' } } });
    const log = log4js.getLogger('shop');
    records('keyed', (level, message, id, error) => {
      log.addContext('id', id ? `correlation_id=${id} ` : '');
      error ? log[level](message, error) : log[level](message);
    }, { hasMessage: false });
  },
  signale() {
    const { Signale } = require('signale');
    const log = new Signale({ scope: 'orders', config: { displayTimestamp: true } });
    records('keyed', (level, message, id, error) => {
      const text = id ? `${message} request_id=${id}` : message;
      log[level](error ? Object.assign(error, { message: text }) : text);
    }, { hasMessage: false });
  },
  console() {
    records('keyed', (level, message, id, error) => {
      const text = id ? `${message} trace_id=${id}` : message;
      error ? console.log(text, error) : console.log(text);
    }, { hasLevel: false, hasMessage: false, hasTime: false });
  },
  morgan() {
    const morgan = require('morgan');
    morgan.token('id', (request) => request.headers['x-request-id']);
    const log = morgan(':remote-addr - [:date[clf]] ":method :url HTTP/:http-version" :status ' +
                       ':response-time ms request_id=:id');
    const server = http.createServer((request, response) => log(request, response, () => response.end('ok')));
    server.listen(0, '127.0.0.1', async () => {
      for (let i = 0; i < 16; ++i) {
        const token = `step-${String(i).padStart(3, '0')}`;
        const id = i % 5 === 4 ? null : idOf(i);
        label(token, { level: null, id, context: id && 'keyed', message: null, hasTime: true });
        const path = `/${token}/orders/${uuid(i, 'order')}`;
        const headers = id ? { 'X-Request-ID': id } : {};
        await new Promise((done) => http.get({ port: server.address().port, path, headers },
                                             (response) => response.resume().on('end', done)));
      }
      server.close();
    });
  },
};

variants[variant]();
