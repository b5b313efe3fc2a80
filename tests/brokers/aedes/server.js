// aedes on 127.0.0.1: node server.js PORT WEBSOCKET_PORT TLS_PORT CERTIFICATE KEY USERNAME PASSWORD REFUSED_FILTER
import { createServer as createTcpServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { createServer as createHttpServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const Aedes = require('aedes')
const { WebSocketServer, createWebSocketStream } = require('ws')

const [port, webSocketPort, tlsPort, certificate, key, username, password, refused] = process.argv.slice(2)
const broker = new Aedes({ queueLimit: 100000, maxClientsIdLength: 200 })
broker.authenticate = (client, name, secret, done) => {
  if (name === username && secret?.toString() === password) return done(null, true)
  const error = new Error('bad user name or password')
  error.returnCode = 4
  done(error, false)
}
broker.authorizeSubscribe = (client, subscription, done) => done(null, subscription.topic === refused ? null : subscription)
createTcpServer(broker.handle).listen(Number(port), '127.0.0.1')
createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, broker.handle).listen(Number(tlsPort), '127.0.0.1')
const http = createHttpServer()
new WebSocketServer({ server: http }).on('connection', (socket, request) => broker.handle(createWebSocketStream(socket), request))
http.listen(Number(webSocketPort), '127.0.0.1')
