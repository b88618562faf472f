"""The web chat: what a visitor's page may say, what it may see, and how we know it again. Pure; sockets and pages
are in `openhandover.widget`."""
