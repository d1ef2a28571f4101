// A server of its own, a proxy that loses answers, and what a browser would have, for the client tests.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const here = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const root = resolve(here, '../..');
const binary = process.env.USHER_BINARY ?? join(root, 'build/release/usher');
export const password = 'correct-horse-battery-7';

// The files of docs/clients as a module, beside the packages that they import.
export async function client(file) {
  const copy = join(here, 'node_modules', `clients-${process.pid}`);
  cpSync(join(root, 'docs/clients'), copy, { recursive: true });
  writeFileSync(join(copy, 'package.json'), '{"type":"module"}');
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
  return import(join(copy, file));
}

export class Usher {
  constructor(settings = {}) {
    this.directory = mkdtempSync(join(tmpdir(), 'usher-node-'));
    this.settings = { 'data.dir': join(this.directory, 'data'), 'log.format': 'json', ...settings };
  }

  async start(port = 0) {
    const env = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !name.startsWith('USHER_') && !['PORT', 'JWT_SECRET', 'DATABASE_URL'].includes(name)));
    const flags = Object.entries({ ...this.settings, 'http.listen': `127.0.0.1:${port}` }).map(([name, value]) => `--${name}=${value}`);
    this.process = spawn(binary, ['serve', ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let heard = '', log = '';
    this.process.stderr.on('data', (text) => (log += text));
    this.ended = new Promise((done) => this.process.once('exit', done));
    this.url = await new Promise((done, failed) => {
      this.process.stdout.on('data', (text) => {
        heard += text;
        const found = heard.match(/listens on (http:\/\/127\.0\.0\.1:\d+)/);
        if (found) done(found[1]);
      });
      this.process.once('exit', (code) => failed(new Error(`the server ended with ${code}: ${log}`)));
    });
    return this;
  }

  async stop() {
    this.process.kill('SIGTERM');
    await this.ended;
  }

  async restart() {
    await this.stop();
    await this.start(new URL(this.url).port);
  }

  async remove() {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async call(method, path, { body, token } = {}) {
    const headers = { ...(body && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) };
    const answer = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, json: text ? JSON.parse(text) : null };
  }

  // The newest code that was mailed to an address.
  async code(email) {
    const { json } = await this.call('GET', `/dev/mailbox?to=${encodeURIComponent(email)}`);
    return json.messages[0].text.match(/\b\d{6}\b/)[0];
  }

  async signUp(email) {
    const account = { email, password, firstName: 'Ada', lastName: 'Lovelace', accountType: 'INDIVIDUAL' };
    const { status } = await this.call('POST', '/auth/register', { body: account });
    if (status !== 201) throw new Error(`register: ${status}`);
    return (await this.call('POST', '/auth/verify-email', { body: { email, otp: await this.code(email) } })).json;
  }
}

// Stands between client and server, counts requests and misbehaves on order:
// proxy.faults.push({ path: '/auth/refresh', kind: 'lose' }) lets the server answer and drops the answer;
// kind 'unavailable' answers 503 without asking; kind 'page' answers as the login page of a hotel does.
export class Proxy {
  constructor(server) {
    this.server = server;
    this.faults = [];
    this.seen = [];
  }

  count(path) {
    return this.seen.filter((entry) => entry === path).length;
  }

  async start() {
    this.listener = http.createServer((request, answer) => this.pass(request, answer));
    await new Promise((done) => this.listener.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.listener.address().port}`;
    return this;
  }

  stop() {
    this.listener.closeAllConnections();
    return new Promise((done) => this.listener.close(done));
  }

  pass(request, answer) {
    const path = request.url.split('?')[0];
    this.seen.push(path);
    const at = this.faults.findIndex((fault) => fault.path === path);
    const kind = at < 0 ? null : this.faults.splice(at, 1)[0].kind;
    if (kind === 'unavailable') return answer.writeHead(503, { 'Retry-After': '7' }).end('{"code":"store_unavailable"}');
    if (kind === 'page') return answer.writeHead(200, { 'Content-Type': 'text/html' }).end('<p>Welcome to our Wi-Fi</p>');
    const onward = http.request(this.server.url + request.url, { method: request.method, headers: request.headers, agent: false });
    onward.on('response', (given) => {
      if (kind === 'lose') return given.resume().once('end', () => request.socket.destroy());
      answer.writeHead(given.statusCode, given.headers);
      given.pipe(answer);
    });
    onward.on('error', () => request.socket.destroy());
    request.pipe(onward);
  }
}

// localStorage.
export class Storage extends Map {
  getItem(name) {
    return this.get(name) ?? null;
  }
  setItem(name, text) {
    this.set(name, String(text));
  }
  removeItem(name) {
    this.delete(name);
  }
}

// navigator.locks: one holder at a time.
export class Locks {
  last = Promise.resolve();
  request(_name, work) {
    const run = this.last.then(work);
    this.last = run.catch(() => {});
    return run;
  }
}

export const until = async (condition) => {
  const end = Date.now() + 5000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`never true: ${condition}`);
    await new Promise((done) => setTimeout(done, 5));
  }
};
