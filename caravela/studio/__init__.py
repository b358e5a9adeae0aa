"""The web page that shows a drive, and the server behind it: FastAPI, one websocket, plain ES modules."""
