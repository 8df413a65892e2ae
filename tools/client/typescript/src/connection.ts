// One DEALER socket to one address, and what is known of why it does not get through. It tells its
// lane of each message and of each change; after `close` it tells nothing more.
import { Dealer, type Event } from 'zeromq';

import { answerBytesMax } from './gate.js';
import type { Settings } from './options.js';

// Hard limits and timers of the socket, see the protocol's manual.
const handshakeMs = 5_000;
// A daemon's machine that is gone without a word is noticed within a minute. Not by libzmq's
// heartbeats: one that is due while answers wait unread and the daemon goes ends the process.
const idleBeforeProbesS = 30;
const probeIntervalS = 10;
const probes = 3;
const unacknowledgedMs = 60_000;
const reconnectMs = 100;
const reconnectMsMax = 2_000;

export type Trouble =
  | 'none'
  /** Nobody listens there. */
  | 'refused'
  /** The daemon said no to this key or uid: ZeroMQ does not try again on this socket. */
  | 'denied'
  /** The handshake broke off: most often a server key that does not fit. */
  | 'handshake'
  /** It was connected and is no more; ZeroMQ connects again by itself. */
  | 'lost';

export interface Listener {
  arrived(bytes: Uint8Array): void;
  /** `renewed`: it was lost and stands again. */
  changed(renewed: boolean): void;
  /** It tells nothing more. */
  failed(error: unknown): void;
}

export class Connection {
  trouble: Trouble = 'none';
  /** When the newest end of the connection was learned. What was sent since waits in ZeroMQ. */
  lostAt = -Infinity;
  private readonly socket: Dealer;
  private reached = false;
  private handshakesFailed = 0;
  private connectedBefore = false;
  private closed = false;

  constructor(
    settings: Settings,
    address: string,
    private readonly listener: Listener,
  ) {
    // A hair above the lane's own bound, so that a send within it never meets a full queue.
    const highWaterMark = settings.inFlightMax + 16;
    this.socket = new Dealer({
      sendHighWaterMark: highWaterMark,
      receiveHighWaterMark: highWaterMark,
      sendTimeout: 0,
      linger: 0,
      maxMessageSize: answerBytesMax,
      handshakeInterval: handshakeMs,
      tcpKeepalive: 1,
      tcpKeepaliveIdle: idleBeforeProbesS,
      tcpKeepaliveInterval: probeIntervalS,
      tcpKeepaliveCount: probes,
      tcpMaxRetransmitTimeout: unacknowledgedMs,
      reconnectInterval: reconnectMs,
      reconnectMaxInterval: reconnectMsMax,
      ipv6: true,
    });
    if (address.startsWith('tcp://')) {
      this.socket.curveServerKey = settings.serverKey ?? null;
      this.socket.curvePublicKey = settings.keys?.publicKey ?? null;
      this.socket.curveSecretKey = settings.keys?.secretKey ?? null;
    }
    void this.until(this.watch());
    try {
      this.socket.connect(address);
    } catch {
      // An address that is none; there is nobody.
      this.trouble = 'refused';
      setImmediate(() => this.tell(false));
    }
    void this.until(this.receive());
  }

  /** Without waiting; `full` is called later if the queue to the socket was full. */
  send(bytes: Uint8Array, full: () => void): void {
    this.socket.send(bytes).catch(() => {
      if (!this.closed) full();
    });
  }

  close(): void {
    this.closed = true;
    this.socket.close();
  }

  private tell(renewed: boolean): void {
    if (!this.closed) this.listener.changed(renewed);
  }

  /** What waits when the socket is closed ends with an error of its own. */
  private async until(ended: Promise<void>): Promise<void> {
    try {
      await ended;
    } catch (error) {
      if (!this.closed) this.listener.failed(error);
    }
  }

  /** Other than one frame: skipped. */
  private async receive(): Promise<void> {
    while (!this.closed) {
      const [frame, more] = await this.socket.receive();
      if (frame !== undefined && more === undefined && !this.closed) this.listener.arrived(frame);
    }
  }

  private async watch(): Promise<void> {
    for await (const event of this.socket.events) {
      if (this.closed) return;
      const trouble = this.trouble;
      const renewed = this.learn(event.type);
      if (renewed || trouble !== this.trouble) this.tell(renewed);
    }
  }

  /** Gives whether it was lost and stands again. */
  private learn(type: Event['type']): boolean {
    switch (type) {
      case 'connect':
        this.reached = true;
        return false;
      case 'connect:retry':
        // A retry follows every end of a connection; without one there was nobody.
        if (!this.reached && (this.trouble === 'none' || this.trouble === 'lost'))
          this.trouble = 'refused';
        this.reached = false;
        return false;
      case 'disconnect':
        this.lostAt = performance.now();
        if (this.trouble === 'none') this.trouble = 'lost';
        return false;
      case 'handshake': {
        const renewed = this.connectedBefore;
        this.trouble = 'none';
        this.handshakesFailed = 0;
        this.connectedBefore = true;
        return renewed;
      }
      case 'handshake:error:auth':
        this.trouble = 'denied';
        return false;
      case 'handshake:error:protocol':
      case 'handshake:error:other':
        // Once: a daemon that is just stopping does that too.
        if (++this.handshakesFailed > 1) this.trouble = 'handshake';
        return false;
      default:
        return false;
    }
  }
}
