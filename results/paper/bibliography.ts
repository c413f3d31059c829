/**
 * The works that experiments of this project cite, as BibTeX, by the key that stands under `citations`. Only what is known for
 * certain is said of each: a wrong page number in somebody's reference list is worse than none. A key that is not here
 * is written down as missing and never guessed at.
 */
export interface Work {
  readonly kind: "inproceedings" | "article" | "misc";
  /** Fields in the order in which they are written; texts are plain, and escaped when they are written. */
  readonly fields: Readonly<Record<string, string>>;
}

export const WORKS: ReadonlyMap<string, Work> = new Map<string, Work>([
  [
    "decandia2007dynamo",
    {
      kind: "inproceedings",
      fields: {
        author:
          "DeCandia, Giuseppe and Hastorun, Deniz and Jampani, Madan and Kakulapati, Gunavardhan and Lakshman, Avinash and Pilchin, Alex and Sivasubramanian, Swaminathan and Vosshall, Peter and Vogels, Werner",
        title: "Dynamo: Amazon's Highly Available Key-value Store",
        booktitle: "Proceedings of the 21st ACM SIGOPS Symposium on Operating Systems Principles (SOSP)",
        year: "2007",
        pages: "205--220",
      },
    },
  ],
  [
    "bailis2012pbs",
    {
      kind: "article",
      fields: {
        author:
          "Bailis, Peter and Venkataraman, Shivaram and Franklin, Michael J. and Hellerstein, Joseph M. and Stoica, Ion",
        title: "Probabilistically Bounded Staleness for Practical Partial Quorums",
        journal: "Proceedings of the VLDB Endowment",
        volume: "5",
        number: "8",
        pages: "776--787",
        year: "2012",
      },
    },
  ],
  [
    "bertier2002adaptable",
    {
      kind: "inproceedings",
      fields: {
        author: "Bertier, Marin and Marin, Olivier and Sens, Pierre",
        title: "Implementation and Performance Evaluation of an Adaptable Failure Detector",
        booktitle: "Proceedings of the International Conference on Dependable Systems and Networks (DSN)",
        year: "2002",
      },
    },
  ],
  [
    "cassandra9183",
    {
      kind: "misc",
      fields: {
        title: "CASSANDRA-9183: Failure detector should detect and ignore local pauses",
        howpublished: "Apache Cassandra's issue tracker",
      },
    },
  ],
  [
    "chen2002qos",
    {
      kind: "article",
      fields: {
        author: "Chen, Wei and Toueg, Sam and Aguilera, Marcos Kawazoe",
        title: "On the Quality of Service of Failure Detectors",
        journal: "IEEE Transactions on Computers",
        volume: "51",
        year: "2002",
      },
    },
  ],
  [
    "cooper2010ycsb",
    {
      kind: "inproceedings",
      fields: {
        author: "Cooper, Brian F. and Silberstein, Adam and Tam, Erwin and Ramakrishnan, Raghu and Sears, Russell",
        title: "Benchmarking Cloud Serving Systems with YCSB",
        booktitle: "Proceedings of the 1st ACM Symposium on Cloud Computing (SoCC)",
        year: "2010",
        pages: "143--154",
      },
    },
  ],
  [
    "dadgar2018lifeguard",
    {
      kind: "inproceedings",
      fields: {
        author: "Dadgar, Armon and Phillips, James and Currey, Jon",
        title: "Lifeguard: Local Health Awareness for More Accurate Failure Detection",
        booktitle:
          "Proceedings of the 48th IEEE/IFIP International Conference on Dependable Systems and Networks Workshops (DSN-W)",
        year: "2018",
      },
    },
  ],
  [
    "das2002swim",
    {
      kind: "inproceedings",
      fields: {
        author: "Das, Abhinandan and Gupta, Indranil and Motivala, Ashish",
        title: "SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol",
        booktitle: "Proceedings of the International Conference on Dependable Systems and Networks (DSN)",
        year: "2002",
        pages: "303--312",
      },
    },
  ],
  [
    "dean2013tail",
    {
      kind: "article",
      fields: {
        author: "Dean, Jeffrey and Barroso, Luiz André",
        title: "The Tail at Scale",
        journal: "Communications of the ACM",
        volume: "56",
        number: "2",
        pages: "74--80",
        year: "2013",
      },
    },
  ],
  [
    "goncalves2014dvvset",
    {
      kind: "inproceedings",
      fields: {
        author: "Almeida, Paulo Sérgio and Baquero, Carlos and Gonçalves, Ricardo and Preguiça, Nuno and Fonte, Victor",
        title: "Scalable and Accurate Causality Tracking for Eventually Consistent Stores",
        booktitle: "Distributed Applications and Interoperable Systems (DAIS)",
        year: "2014",
      },
    },
  ],
  [
    "hayashibara2004phi",
    {
      kind: "inproceedings",
      fields: {
        author: "Hayashibara, Naohiro and Défago, Xavier and Yared, Rami and Katayama, Takuya",
        title: "The φ Accrual Failure Detector",
        booktitle: "Proceedings of the 23rd IEEE International Symposium on Reliable Distributed Systems (SRDS)",
        year: "2004",
        pages: "66--78",
      },
    },
  ],
  [
    "karger1997consistent",
    {
      kind: "inproceedings",
      fields: {
        author:
          "Karger, David and Lehman, Eric and Leighton, Tom and Panigrahy, Rina and Levine, Matthew and Lewin, Daniel",
        title:
          "Consistent Hashing and Random Trees: Distributed Caching Protocols for Relieving Hot Spots on the World Wide Web",
        booktitle: "Proceedings of the 29th Annual ACM Symposium on Theory of Computing (STOC)",
        year: "1997",
        pages: "654--663",
      },
    },
  ],
  [
    "kingsbury2013jepsen",
    {
      kind: "misc",
      fields: { author: "Kingsbury, Kyle", title: "Jepsen: Cassandra", howpublished: "aphyr.com", year: "2013" },
    },
  ],
  [
    "kingsbury2022maelstrom",
    {
      kind: "misc",
      fields: {
        author: "Kingsbury, Kyle",
        title: "Maelstrom: A Workbench for Writing Toy Implementations of Distributed Systems",
        howpublished: "github.com/jepsen-io/maelstrom",
      },
    },
  ],
  [
    "kulkarni2014hlc",
    {
      kind: "inproceedings",
      fields: {
        author: "Kulkarni, Sandeep S. and Demirbas, Murat and Madappa, Deepak and Avva, Bharadwaj and Leone, Marcelo",
        title: "Logical Physical Clocks",
        booktitle: "Principles of Distributed Systems (OPODIS)",
        year: "2014",
      },
    },
  ],
  [
    "lynch2018cassandra",
    {
      kind: "misc",
      fields: {
        author: "Lynch, Joseph and Snyder, Josh",
        title: "Cassandra Availability with Virtual Nodes",
        year: "2018",
      },
    },
  ],
  [
    "preguica2012dvv",
    {
      kind: "inproceedings",
      fields: {
        author: "Preguiça, Nuno and Baquero, Carlos and Almeida, Paulo Sérgio and Fonte, Victor and Gonçalves, Ricardo",
        title:
          "Brief Announcement: Efficient Causality Tracking in Distributed Storage Systems with Dotted Version Vectors",
        booktitle: "Proceedings of the ACM Symposium on Principles of Distributed Computing (PODC)",
        year: "2012",
      },
    },
  ],
  ["riak_kv_679", { kind: "misc", fields: { title: "riak_kv, issue 679", howpublished: "github.com/basho/riak_kv" } }],
  [
    "schroeder2006open",
    {
      kind: "inproceedings",
      fields: {
        author: "Schroeder, Bianca and Wierman, Adam and Harchol-Balter, Mor",
        title: "Open Versus Closed: A Cautionary Tale",
        booktitle: "Proceedings of the 3rd Symposium on Networked Systems Design and Implementation (NSDI)",
        year: "2006",
      },
    },
  ],
  [
    "tene2013latency",
    { kind: "misc", fields: { author: "Tene, Gil", title: "How NOT to Measure Latency", year: "2013", note: "Talk" } },
  ],
]);
