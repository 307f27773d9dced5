// The demo's front service: takes an order and asks the stock service for it. Logs JSON lines, as pino
// does, on stdout; what went wrong also goes to stderr, as plain text.
//
//   node shop.js PORT STOCK_PORT
'use strict';
const http = require('node:http');
const { randomUUID } = require('node:crypto');

const [port, stockPort] = process.argv.slice(2).map(Number);

function log(level, id, msg, more) {
  const line = { level, time: Date.now(), pid: process.pid, req_id: id, msg, ...more };
  process.stdout.write(JSON.stringify(line) + '\n');
}

function askStock(item, id) {
  return new Promise((resolve, reject) => {
    const options = { port: stockPort, path: '/stock/' + item, headers: { 'X-Request-ID': id } };
    const request = http.get({ host: '127.0.0.1', ...options }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => { text += chunk; });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    request.on('error', reject);
  });
}

async function order(request, response) {
  const id = request.headers['x-request-id'] || randomUUID();
  const item = request.url.split('/').pop();
  const begin = process.hrtime.bigint();
  log(30, id, `order for ${item} received`);
  let status = 200;
  let text = '';
  try {
    const answer = await askStock(item, id);
    status = answer.status === 200 ? 200 : 502;
    text = answer.text;
  } catch (problem) {
    status = 503;
    text = problem.message;
  }
  const responseTime = Number(process.hrtime.bigint() - begin) / 1e6;
  if (status === 200) {
    log(30, id, `order for ${item} answered`, { status, responseTime });
  } else {
    process.stderr.write(`[req:${id}] WARN stock did not deliver ${item}: ${text.trim()}\n`);
    log(50, id, `order for ${item} answered`, { status, responseTime });
  }
  response.writeHead(status, { 'Content-Type': 'text/plain', 'X-Request-ID': id });
  response.end(`${item}: ${text}`);
}

const server = http.createServer(order);
server.listen(port, '127.0.0.1', () => {
  process.stdout.write(JSON.stringify({ level: 30, time: Date.now(), msg: `shop listens on ${port}` }) + '\n');
});
