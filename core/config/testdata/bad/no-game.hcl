server {
  listen = ":7350"
}
