/** What of the package is used; it brings no types. */
declare module '@cornerstonejs/codec-charls/wasmjs' {
  interface Shape {
    width: number;
    height: number;
    bitsPerSample: number;
    componentCount: number;
    isSigned: boolean;
  }

  interface JpegLSEncoder {
    getDecodedBuffer(shape: Shape): Uint8Array;
    getEncodedBuffer(): Uint8Array;
    setNearLossless(most: number): void;
    setInterleaveMode(mode: number): void;
    encode(): void;
    delete(): void;
  }

  function factory(options: {
    locateFile(name: string): string;
  }): Promise<{ JpegLSEncoder: new () => JpegLSEncoder }>;

  export = factory;
}

declare module '@cornerstonejs/codec-charls/wasm?url' {
  const place: string;

  export = place;
}
