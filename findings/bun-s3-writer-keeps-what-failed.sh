#!/usr/bin/env bash
# Bun's S3 writer: ended with an error, it completes the upload instead of giving it up.
#
# Expected: writer.end(error) aborts the multipart upload, and no object is there.
# Found:    it resolves, and the object is there with what had been written until then; nothing tells it from a whole one.
# Version:  Bun 1.4.5, against moto 5.2.5; 2026-11-28.
# Matters:  a backup that streams into a bucket and fails half-way leaves an object under its final name. So an archive goes up as a
#           finished file, is read back, and counts by a note that is written afterwards.
source "$(dirname "$0")/lib.sh"
python_with 'moto[s3,server]==5.2.5'
node_with bun@1.4.5

cat >"$work/node/run.mjs" <<'E2'
const endpoint = process.argv[2];
const keys = { accessKeyId: "AKIATESTTESTTESTTEST", secretAccessKey: "none", region: "us-east-1" };
const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0`;
for (let tries = 0; tries < 300; tries++) {
  try {
    if ((await fetch(`${endpoint}/backups`, { method: "PUT", headers: { authorization } })).ok) break;
  } catch {}
  await Bun.sleep(100);
}
const client = new Bun.S3Client({ ...keys, endpoint, bucket: "backups" });
const writer = client.file("archive").writer({ partSize: 5 << 20 });
await writer.write(new Uint8Array(6 << 20));
try {
  await writer.end(new Error("the source failed half-way"));
  console.log("end(error) resolved");
} catch (error) {
  console.log("end(error) rejected");
}
console.log("objects:", ((await client.list()).contents ?? []).map(({ key, size }) => `${key} ${size}`).join(", ") || "none");
E2
port=$(free_port)
"$work/python/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/log" 2>&1 &
servers+=($!)
(cd "$work/node" && node_modules/.bin/bun run.mjs "http://127.0.0.1:$port") >"$work/seen"
expect "$work/seen" <<'END'
end(error) resolved
objects: archive 6291456
END
