export type EntityId = number | string;
export interface NewEvent {
  event_type: string;
  source_entity_type?: string | null;
  source_entity_id?: EntityId | null;
  actor_user_id?: number | null;
  project_id?: number | null;
  payload?: Record<string, unknown>;
  idempotency_key?: string | null;
  to?: number[] | null;
}
export type Row = Record<string, any>;
export type Frame = { type: string; seq?: number } & Record<string, any>;
export interface Options {
  /** Of the site; in a page of the site itself its own origin. */
  url?: string;
  /** Without one the page's session is used. */
  key?: string;
  /** With a session, for whatever changes something. */
  csrfToken?: string;
  csrfHeader?: string;
  /** Seconds for each request, with all its repeats. */
  deadline?: number;
  api?: string;
}
export declare class RefusedError extends Error {
  status: number;
  code: string;
  detail: string;
  errors: Row[];
}
export declare class UnavailableError extends Error {}
export declare class BadSignatureError extends Error {}
export declare class Carillon {
  constructor(options?: Options);
  publish(event: NewEvent, options?: { key?: string }): Promise<Row>;
  publishMany(events: NewEvent[], options?: { key?: string }): Promise<Row[]>;
  events(options?: { after?: number; type?: string }): AsyncGenerator<Row>;
  feed(options?: { unreadOnly?: boolean; category?: string }): AsyncGenerator<Row>;
  deliveries(options?: { state?: string }): AsyncGenerator<Row>;
  resend(deliveryId: number): Promise<Row>;
  /** Returns what stops it. `open` makes the socket; in Node one that sends the key. */
  listen(
    onFrame: (frame: Frame) => void,
    options?: { seq?: number; open?: (url: string) => WebSocket; onEnd?: (error: RefusedError) => void },
  ): () => void;
}
export declare function verify(
  body: string | Uint8Array,
  headers: Headers | Record<string, string>,
  options: { secrets: string[]; now?: number },
): Promise<Row>;
