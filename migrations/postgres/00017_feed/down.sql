DROP TABLE feed_scopes;
