"""PPM as a stand-in: the application on one of four platforms, Supabase's API over a real PostgreSQL."""
