"""The web page that shows a drive, and the server behind it: FastAPI, one websocket, plain ES modules. From the car outwards: `driving`, `view`,
`record`, `cabin`, `live`, `web`, and the `page` itself; each knows those before it only."""
