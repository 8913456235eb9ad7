declare module 'virtual:engine' {
  /** The engine's WebAssembly, gzipped, as base64. */
  const packed: string;
  export default packed;
}

declare module '*/engine/convt.js' {
  export function call(request: string): string;
  export function load(bytes: Uint8Array, request: string): string;
  export default function init(options: { module_or_path: ArrayBuffer }): Promise<unknown>;
}
