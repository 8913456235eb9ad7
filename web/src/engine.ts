/** The engine: Rust as WebAssembly, asked in JSON. */

import packed from 'virtual:engine';
import init, { call, load } from './engine/convt.js';
import type { Answers, Requests } from './protocol';

/** An answer, or the sentence that says why there is none. */
export type Answer<T> = T | { readonly error: string };

/** Unpacks and starts the engine. */
export async function start(): Promise<void> {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  await init({ module_or_path: await new Response(unpacked).arrayBuffer() });
}

/** Asks the engine. */
export function ask<K extends keyof Answers>(what: K, request: Requests[K]): Answer<Answers[K]> {
  return JSON.parse(call(JSON.stringify({ do: what, ...request }))) as Answer<Answers[K]>;
}

/** Whether an answer is a refusal. */
export function failed<T extends object>(answer: Answer<T>): answer is { readonly error: string } {
  return 'error' in answer;
}

/** Reads the tensors of a weight file. */
export function readWeights(bytes: Uint8Array, request: Requests['load']): Answer<Answers['load']> {
  return JSON.parse(load(bytes, JSON.stringify(request))) as Answer<Answers['load']>;
}
