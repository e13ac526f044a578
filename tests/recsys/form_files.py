"""A small made-up file of every form, with the ratings that it holds."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Example:
    """The files of one form: the ratings file comes first; rows are user, item and rating."""

    form: str
    files: dict[str, str | bytes]
    rows: tuple[tuple[object, object, float], ...]
    titles: dict[object, tuple[str, str]] | None = None
    times: tuple[str, ...] = ()

    def write(self, folder: Path) -> Path:
        """Write the files, and return the path of the ratings."""
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder / next(iter(self.files))


NONE = "(no genres listed)"
MOVIES = 'movieId,title,genres\n1,Quiet Harbour (1995),Drama\n2,"Comet, The (1999)",Comedy|War\n'
MOVIE_TITLES = {1: ("Quiet Harbour (1995)", "Drama"), 2: ("Comet, The (1999)", "Comedy|War")}

EXAMPLES = (
    Example(
        "Netflix Prize",
        {
            "combined_data_1.txt": "1:\n900101,3,2005-09-06\n900102,5,2005-05-13\n"
            "2:\n900101,4,2005-10-19\n",
            "movie_titles.csv": "1,2003,Quiet Harbour\n2,NULL,Caf\xe9, Part 2, The\n".encode(
                "latin-1"
            ),
        },
        ((900101, 1, 3), (900102, 1, 5), (900101, 2, 4)),
        {1: ("Quiet Harbour (2003)", NONE), 2: ("Café, Part 2, The", NONE)},
        ("2005-09-06", "2005-05-13", "2005-10-19"),
    ),
    Example(
        "Netflix Prize",
        {
            "training_set/mv_0000008.txt": "8:\r\n900101,3,2005-09-06\r\n",
            "movie_titles.txt": "8,2004,Harbour\n9,2004,Comet\n",
        },
        ((900101, 8, 3),),
        {8: ("Harbour (2004)", NONE), 9: ("Comet (2004)", NONE)},
        ("2005-09-06",),
    ),
    Example(
        "The Movies Dataset",
        {
            "ratings_small.csv": "userId,movieId,rating,timestamp\n1,1,5,1000000001\n"
            "1,31,3.5,1000000002\n",
            "links.csv": "movieId,imdbId,tmdbId\n1,0000001,862.0\n31,0000031,9909.0\n4,0000004,\n",
            "movies_metadata.csv": "adult,genres,id,imdb_id,overview,release_date,title\n"
            "False,\"[{'id': 18, 'name': 'Drama'}, {'id': 10752, 'name': 'War'}]\",862,tt01,"
            '"Text, with\na line break",1995-10-30,Quiet Harbour\n'
            "False,[],9909,tt31,Text,,Comet &amp; Co\n - By someone,0.0657,1997-08-20,1,,,\n"
            "False,[],862,tt01,Again,1995-10-30,Quiet Harbour again\n",
        },
        ((1, 1, 5), (1, 31, 3.5)),
        {1: ("Quiet Harbour (1995)", "Drama|War"), 31: ("Comet & Co", NONE)},
        ("2001-09-09T01:46:41", "2001-09-09T01:46:42"),
    ),
    Example(
        "MovieLens (CSV)",
        {
            "rating.csv": '"userId","movieId","rating","timestamp"\n'
            '1,2,3.5,"2005-04-02 10:00:00"\n2,1,4,"2006-01-02 10:00:00"\n',
            "movie.csv": MOVIES,
        },
        ((1, 2, 3.5), (2, 1, 4)),
        MOVIE_TITLES,
        ("2005-04-02T10:00:00", "2006-01-02T10:00:00"),
    ),
    Example(
        "MovieTweetings",
        {
            "ratings.dat": "1::0000001::8::1381620027\n2::0000003::0::1381620028\n",
            "movies.dat": "0000001::Quiet Harbour (1995)::Drama\n0000003::Île (2004)::\n",
        },
        ((1, "0000001", 8), (2, "0000003", 0)),
        {"0000001": ("Quiet Harbour (1995)", "Drama"), "0000003": ("Île (2004)", NONE)},
        ("2013-10-12T23:20:27", "2013-10-12T23:20:28"),
    ),
    Example(
        "MovieTweetings",
        {
            "tweets.csv": "1;0000001;8;1381620027\r\n2;0111161;10;1381620028\r\n",
            "movies.dat": "0000001::Quiet Harbour (1995)::Drama\n0111161::Comet (1994)::\n",
        },
        ((1, "0000001", 8), (2, "0111161", 10)),
        {"0000001": ("Quiet Harbour (1995)", "Drama"), "0111161": ("Comet (1994)", NONE)},
        ("2013-10-12T23:20:27", "2013-10-12T23:20:28"),
    ),
    Example(
        "MovieLens 1M and 10M",
        {
            "ratings.dat": "1::1193::5::978300760\n1::661::3::978302109\n",
            "movies.dat": b"661::James (1996)::Children's|Musical\n1193::Caf\xe9 (1975)::Drama\n",
        },
        ((1, 1193, 5), (1, 661, 3)),
        {661: ("James (1996)", "Children's|Musical"), 1193: ("Café (1975)", "Drama")},
        ("2000-12-31T22:12:40", "2000-12-31T22:35:09"),
    ),
    Example(
        "MovieLens 100K",
        {
            "u.data": "196\t242\t3\t881250949\n186\t302\t3\t891717742\n",
            "u.item": f"242|Harbour (1997)|24-Jan-1997||http|{'0|' * 5}1|{'0|' * 12}0\n"
            f"302|Caf\xe9 (1997)|01-Jan-1997||http|{'0|' * 8}1|{'0|' * 9}1\n".encode("latin-1"),
        },
        ((196, 242, 3), (186, 302, 3)),
        {242: ("Harbour (1997)", "Comedy"), 302: ("Café (1997)", "Drama|Western")},
        ("1997-12-04T15:55:49", "1998-04-04T19:22:22"),
    ),
    Example(
        "Book-Crossing",
        {
            "BX-Book-Ratings.csv": '"User-ID";"ISBN";"Book-Rating"\n"900001";"000000001X";"0"\n'
            '"900002";"0000000024";"5"\n"900003";"000000001X";"10"\n',
            "BX-Books.csv": '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication"\n'
            '"000000001X";"Caf\xe9; \\"au port\\"";"A. Nobody";"2001"\n'
            '"0000000024";"B &amp; C";"C";"1999"\n'.encode("latin-1"),
        },
        ((900002, "0000000024", 5), (900003, "000000001X", 10)),
        {"000000001X": ('Café; "au port"', NONE), "0000000024": ("B & C", NONE)},
    ),
    Example(
        "Book-Crossing",
        {
            "Ratings.csv": "User-ID,ISBN,Book-Rating\n7,000000001X,0\n8,000000001X,7\n",
            "Books.csv": "ISBN,Book-Title,Book-Author\n000000001X,Harbour,A. Nobody\n",
        },
        ((8, "000000001X", 7),),
        {"000000001X": ("Harbour", NONE)},
    ),
    Example(
        "Goodreads interactions",
        {
            "goodreads_interactions.csv": "user_id,book_id,is_read,rating,is_reviewed\n"
            "0,948,1,5,0\n0,947,0,0,0\n1,948,1,2,1\n"
        },
        ((0, 948, 5), (1, 948, 2)),
    ),
    Example(
        "goodbooks-10k",
        {
            "ratings.csv": "user_id,book_id,rating\n1,258,5\n2,4081,4\n",
            "books.csv": "book_id,goodreads_book_id,best_book_id,isbn,original_title,title\n"
            '258,9,9,0439,Comet,"Comet (Sky, #1)"\n4081,10,10,0440,,Harbour\n',
        },
        ((1, 258, 5), (2, 4081, 4)),
        {258: ("Comet (Sky, #1)", NONE), 4081: ("Harbour", NONE)},
    ),
    Example(
        "goodbooks-10k",
        {
            "ratings.csv": "book_id,user_id,rating\n1,314,5\n2,439,3\n",
            "books.csv": "id,book_id,best_book_id,title\n1,2767052,2767052,Comet\n2,3,3,Harbour\n",
        },
        ((314, 1, 5), (439, 2, 3)),
        {1: ("Comet", NONE), 2: ("Harbour", NONE)},
    ),
    Example(
        "Anime (MyAnimeList)",
        {
            "rating.csv": "user_id,anime_id,rating\n1,20,-1\n1,24,8\n2,20,10\n",
            "anime.csv": "anime_id,name,genre,type,episodes,rating,members\n"
            '20,Comet&#039;s Tail,"Action, Comedy",TV,220,7.81,5\n24,Harbour,,TV,26,8.26,7\n',
        },
        ((1, 24, 8), (2, 20, 10)),
        {20: ("Comet's Tail", "Action|Comedy"), 24: ("Harbour", NONE)},
    ),
    Example(
        "Anime (MyAnimeList)",
        {
            "animelist.csv": "user_id,anime_id,rating,watching_status,watched_episodes\n"
            "0,67,9,1,1\n0,68,0,6,0\n",
            "anime.csv": "MAL_ID,Name,Score,Genres\n67,Comet,8.1,Unknown\n68,Harbour,7,Drama\n",
        },
        ((0, 67, 9),),
        {67: ("Comet", NONE), 68: ("Harbour", "Drama")},
    ),
    Example(
        "Amazon reviews 2014",
        {
            "ratings_Books.csv": "A0000001,0000000001,5.0,1387670400\n"
            "AH2L9G3DQHHAJ,B000000002,4.0,1378857600\n"
        },
        (("A0000001", "0000000001", 5), ("AH2L9G3DQHHAJ", "B000000002", 4)),
        None,
        ("2013-12-22", "2013-09-11"),
    ),
    Example(
        "Amazon reviews 2018",
        {"Books.csv": "0000000001,A0000001,5.0,1387670400\n000000002X,A0000002,1.0,1378857600\n"},
        (("A0000001", "0000000001", 5), ("A0000002", "000000002X", 1)),
        None,
        ("2013-12-22", "2013-09-11"),
    ),
    Example(
        "Amazon reviews (full)",
        {
            "reviews_Books_5.json": '{"reviewerID": "A01", "asin": "0000000001", "overall": 5.0, '
            '"reviewText": "Good", "unixReviewTime": 1387670400, "reviewTime": "12 22, 2013"}\n'
            '{"reviewerID": "A02", "asin": "0000000001", "overall": 2.0, '
            '"unixReviewTime": 1378857600, "reviewTime": "09 11, 2013"}\n'
        },
        (("A01", "0000000001", 5), ("A02", "0000000001", 2)),
        None,
        ("2013-12-22", "2013-09-11"),
    ),
    Example(
        "Amazon reviews 2023",
        {
            "Books.jsonl": '{"rating": 5.0, "title": "Good", "asin": "B01", "parent_asin": "B00", '
            '"user_id": "AE1", "timestamp": 1387670400000}\n'
            '{"rating": 1.0, "title": "Bad", "asin": "B02", "parent_asin": "B02", '
            '"user_id": "AE2", "timestamp": 1378857600000}\n',
            "meta_Books.jsonl": '{"title": "Harbour", "parent_asin": "B00", '
            '"categories": ["Books", "Sea"]}\n{"title": null, "parent_asin": "B02"}\n',
        },
        (("AE1", "B00", 5), ("AE2", "B02", 1)),
        {"B00": ("Harbour", "Books|Sea"), "B02": ("B02", NONE)},
        ("2013-12-22", "2013-09-11"),
    ),
    Example(
        "Amazon reviews 2023",
        {"Books.csv": "user_id,parent_asin,rating,timestamp\nAE1,0000000001,5.0,1387670400000\n"},
        (("AE1", "0000000001", 5),),
        None,
        ("2013-12-22",),
    ),
    Example(
        "RecBole",
        {
            "ml-100k.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
            "196\t242\t3\t881250949\n186\t302\t4\t891717742\n",
            "ml-100k.item": "item_id:token\tmovie_title:token_seq\trelease_year:token"
            "\tclass:token_seq\n242\tHarbour\t1997\tComedy War\n302\tComet\t1997\t\n",
        },
        ((196, 242, 3), (186, 302, 4)),
        {242: ("Harbour (1997)", "Comedy|War"), 302: ("Comet (1997)", NONE)},
        ("1997-12-04T15:55:49", "1998-04-04T19:22:22"),
    ),
    Example(
        "Last.fm (HetRec 2011)",
        {
            "user_artists.dat": "userID\tartistID\tweight\r\n2\t51\t13883\r\n3\t52\t11\r\n",
            "artists.dat": "id\tname\turl\tpictureURL\r\n51\tDuo\thttp\thttp\r\n52\tSolo\th\th\r\n",
        },
        ((2, 51, 13883), (3, 52, 11)),
        {51: ("Duo", NONE), 52: ("Solo", NONE)},
    ),
    Example(
        "Last.fm 360K",
        {
            "usersha1-artmbid-artname-plays.tsv": f"{'a' * 40}\t3bd73256-3905\tthe duo\t2137\n"
            f"{'b' * 40}\t\tdie Ärzte\t99\n"
        },
        (("a" * 40, "the duo", 2137), ("b" * 40, "die Ärzte", 99)),
    ),
    Example(
        "FilmTrust",
        {"ratings.txt": "1 1 2\n1 2 4\n2 1 3.5\n", "trust.txt": "1 2 1\n"},
        ((1, 1, 2), (1, 2, 4), (2, 1, 3.5)),
    ),
    Example(
        "Jester (long)",
        {"jester_ratings.dat": "1\t\t5\t\t0.219\n1\t\t7\t\t-9.281\n2\t\t5\t\t8.5\n"},
        ((1, 5, 0.219), (1, 7, -9.281), (2, 5, 8.5)),
    ),
    Example(
        "Jester (long, one tab)",
        {"jester_ratings.csv": "1,5,0.219\n1,7,-9.281\n2,5,8.5\n"},
        ((1, 5, 0.219), (1, 7, -9.281), (2, 5, 8.5)),
    ),
    Example(
        "Jester (wide)",
        {"jester-data-1.csv": "3,-7.82,99,8.79,-9.66\n2,99,4.08,99,-0.29\n"},
        ((1, 1, -7.82), (2, 2, 4.08), (1, 3, 8.79), (1, 4, -9.66), (2, 4, -0.29)),
    ),
    Example(
        "Wide table",
        {"movie_ratings.csv": "Movie,Ada,Ben,Cy\nQuiet Harbour,4,5,\nPaper Comet,5,,3\n"},
        (
            ("Ada", "Quiet Harbour", 4),
            ("Ada", "Paper Comet", 5),
            ("Ben", "Quiet Harbour", 5),
            ("Cy", "Paper Comet", 3),
        ),
    ),
)
